"""One account for a universe, as a user runs it: small forecasters, simulated bars."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from backtests.run import main
from backtests.sources.simulated import Simulated
from tests.backtests.browser import outside_addresses
from tests.backtests.example_runs import run

TICKERS = ("A.KS", "B.KS", "C.KS", "LATE.KS")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of four files; one is listed later, one has volumes that a split left behind."""
    folder = tmp_path_factory.mktemp("bars")
    for i, ticker in enumerate(TICKERS):
        frame = Simulated().fetch(f"{ticker}{i}", "2015-01-01", "2018-01-01").frame
        if ticker == "LATE.KS":
            frame = frame[frame.index >= "2015-06-01"]
        frame["volume"] = 1e6 * (i + 1) * (1 + 0.2 * np.sin(np.arange(len(frame))))
        if ticker == "A.KS":
            frame.loc[frame.index >= "2017-03-02", "volume"] *= 50
        frame.to_csv(folder / f"{ticker}.csv")
    short = Simulated().fetch("SHORT.KS", "2017-06-01", "2018-01-01").frame
    short.to_csv(folder / "SHORT.KS.csv")
    return folder


def flags(folder: Path, universe: Path) -> list[str]:
    return (
        f"--universe {universe} --data-dir {folder} --end 2018-01-01 --forecaster linear:target=return "
        "--strategy direction --slots 2 --tearsheets none --shifts 0 --jobs 1"
    ).split()


@pytest.fixture(scope="module")
def finished(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, object], str]:
    """Return the folder of a run of the universe, its summary, and what it warned of."""
    out = tmp_path_factory.mktemp("runs")
    universe = out / "caps.txt"
    universe.write_text("# four and one\n" + "\n".join((*reversed(TICKERS), "SHORT.KS")) + "\n")
    with pytest.MonkeyPatch.context() as patch:
        import io

        text, errors = io.StringIO(), io.StringIO()
        patch.setattr("sys.stdout", text)
        patch.setattr("sys.stderr", errors)
        code = main(
            [
                *flags(folder, universe),
                "--largest",
                "2",
                "--tearsheets",
                "main",
                "--out",
                str(out),
                "--json",
            ]
        )
    assert code == 0, errors.getvalue()
    printed = json.loads(text.getvalue())
    return Path(printed["folder"]), printed, errors.getvalue()


def test_a_universe_is_one_account_in_one_folder(
    finished: tuple[Path, dict[str, object], str],
) -> None:
    folder, _, text = finished
    manifest = json.loads((folder / "manifest.json").read_text())
    assert folder.name == f"caps-{manifest['key'][:8]}"
    assert [entry["ticker"] for entry in manifest["data"]] == list(TICKERS)
    assert not (folder / "A.KS").exists()
    assert "left out of the universe: SHORT.KS" in text
    equity = pd.read_parquet(folder / "equity.parquet")
    assert set(equity["account"]) == {"universe"}
    forecasts = pd.read_parquet(folder / "forecasts.parquet")
    first = forecasts.groupby("ticker")["as_of"].min()
    assert first["LATE.KS"] > first["A.KS"]
    assert equity["session"].min() == first.min(), "from the first forecast of any ticker"
    assert equity.groupby(["forecaster", "strategy"], dropna=False)["session"].size().nunique() == 1
    metrics = pd.read_csv(folder / "metrics.csv")
    assert set(metrics["ticker"]) == {"universe"}
    row = metrics[metrics["forecaster"] == "linear:target=return"].iloc[0]
    assert row["tickers"] == 4
    errors = {(e["ticker"], e["forecaster"]): e["mape"] for e in manifest["forecast_metrics"]}
    errors_of_linear = [errors[t, "linear:target=return"] for t in TICKERS]
    assert row["mape"] == pytest.approx(np.median(errors_of_linear))
    assert row["below_naive"] == sum(
        errors[t, "naive"] > e for t, e in zip(TICKERS, errors_of_linear, strict=True)
    )


def test_a_tearsheet_of_a_universe_names_the_file_and_each_trades_ticker(
    finished: tuple[Path, dict[str, object], str],
) -> None:
    folder, _, _ = finished
    sheet = (folder / "tearsheets" / "buy_and_hold.html").read_text(encoding="utf-8")
    assert "<h1>caps · buy_and_hold</h1>" in sheet
    trades = sheet.partition('id="trades"')[2]
    assert "<th>Ticker</th>" in trades
    assert all(f"<td>{ticker}</td>" in trades for ticker in TICKERS)


def test_the_terminal_says_that_it_is_one_account(
    finished: tuple[Path, dict[str, object], str], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made, _, _ = finished
    universe = made.parent / "caps.txt"
    again = [*flags(folder, universe), "--largest", "2", "--tearsheets", "main"]
    assert main([*again, "--out", str(made.parent)]) == 0
    out = capsys.readouterr().out
    assert "was there already" in out, "else this trains again"
    assert "One account for 4 tickers, the 2 largest bought, 2015-01-02 to 2017-12-29" in out
    row = next(line.split() for line in out.splitlines() if line.startswith(" linear:target"))
    metrics = pd.read_csv(made / "metrics.csv").set_index("forecaster").loc["linear:target=return"]
    assert f"{metrics['below_naive']:.0f} of 4" in " ".join(row)
    assert f"{100 * metrics['total_return']:+.1f}%" in row
    assert f"{metrics['break_even_bps']:,.0f}" in row


def test_buy_and_hold_is_the_market_in_equal_parts(
    finished: tuple[Path, dict[str, object], str],
) -> None:
    folder, _, _ = finished
    fills = pd.read_csv(folder / "fills.csv")
    held = fills[fills["strategy"] == "buy_and_hold"]
    assert sorted(held["ticker"]) == sorted(TICKERS), (
        "all tickers, also those not among the largest"
    )
    assert set(held["side"]) == {"buy"}
    first = held.groupby("ticker")["session"].min()
    assert first["LATE.KS"] > first["A.KS"] == first["B.KS"]
    value = (held["size"] * held["price"])[held["session"] == first["A.KS"]]
    assert value.between(0.2e8, 0.25e8).all(), "a quarter of 100 million, 95% of it"


def test_a_volume_step_is_reported_with_its_remedy(
    finished: tuple[Path, dict[str, object], str], folder: Path, tmp_path: Path
) -> None:
    made, _, text = finished
    line = "A.KS xN before 2017-03-02"
    page = (made / "index.html").read_text(encoding="utf-8")
    assert line in text
    assert line in page
    universe = tmp_path / "corrected.txt"
    universe.write_text("\n".join(["A.KS x50 before 2017-03-02", *TICKERS[1:]]))
    command = [*flags(folder, universe), "--largest", "2", "--out", str(tmp_path), "--json"]
    command += "--strategy five_percent:threshold=0.001,max_hold=5 --end 2017-06-01".split()
    assert main(command) == 0


@pytest.mark.slow
def test_the_key_is_of_what_the_file_says_not_of_its_name(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    texts = {
        "one": "A.KS\nB.KS\n",
        "two": "# a comment\nB.KS\n\nA.KS\n",
        "three": "A.KS\nC.KS\n",
        "four": "A.KS x50 before 2017-03-02\nB.KS\n",
    }
    printed = {}
    for name, text in texts.items():
        (tmp_path / f"{name}.txt").write_text(text)
        code, printed[name] = run(
            capsys, "--out", tmp_path / "runs", flags=flags(folder, tmp_path / f"{name}.txt")
        )
        assert code == 0
    keys = {name: (one["key"], one["digest"]) for name, one in printed.items()}
    assert keys["one"] == keys["two"]
    assert len({key for key, _ in keys.values()}) == 3
    assert {Path(one["folder"]).name.partition("-")[0] for one in printed.values()} == set(texts)


def test_the_page_of_a_universe_holds_its_parts(
    finished: tuple[Path, dict[str, object], str],
) -> None:
    folder, _, _ = finished
    page = (folder / "index.html").read_text(encoding="utf-8")
    for part in (
        "One account for 4 tickers", "What was bought when", "Which tickers could be bought when",
        "MAPE by ticker", "equal parts of the equity", "Left out, with too few sessions: SHORT.KS",
        "Buy and hold of 4 tickers in equal parts returned",
    ):  # fmt: skip
        assert part in page, part
    assert outside_addresses(page) == []
    assert "<script" not in page
    trades = pd.read_csv(folder / "trades.csv")
    rule = trades[trades["strategy"] != "buy_and_hold"]
    assert len(rule) > 10, "else the table shows nothing"
    for trade in rule.itertuples():
        assert f'<td class="l">{trade.ticker}</td><td class="l">{trade.decided}</td>' in page


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        (["--ticker", "A.KS"], ["use either --universe or --ticker"]),
        (["--largest", "0"], ["--largest is 0"]),
        (["--slots", "0"], ["--slots is 0"]),
        (["--train-size", "900"], ["no ticker of the universe can be forecast", "--train-size"]),
    ],
)
def test_what_is_wrong_ends_with_2_and_says_what_to_do(
    folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    extra: list[str],
    words: list[str],
) -> None:
    (tmp_path / "u.txt").write_text("B.KS\nC.KS\n")
    assert main([*flags(folder, tmp_path / "u.txt"), "--out", str(tmp_path / "x"), *extra]) == 2
    err = capsys.readouterr().err
    for word in words:
        assert word in err


def test_a_universe_has_one_market(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "u.txt").write_text("B.KS\nMSFT\n")
    assert main(["--universe", str(tmp_path / "u.txt"), "--out", str(tmp_path)]) == 2
    err = capsys.readouterr().err
    assert "B.KS trades on market krx, MSFT on us" in err
    assert main(["--largest", "3", "--ticker", "B.KS"]) == 2
    assert "--universe FILE" in capsys.readouterr().err
