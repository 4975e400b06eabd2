"""A close that no market allows, as a user meets it: exit 2, a repair, marks, a closed ticker."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from backtests.account.broker import Broker
from backtests.account.engine import run_backtest
from backtests.command.config import RunConfig
from backtests.grid import main as grid
from backtests.markets.costs import Costs
from backtests.markets.market import market_for
from backtests.run import main
from backtests.runs.prices import settle
from backtests.sources.simulated import Simulated
from backtests.universe.file import Split, with_splits
from forecasters.bars import Bars
from forecasters.errors import DataWarning, InputError
from forecasters.forecasts import Forecasts
from strategies.buy_and_hold import BuyAndHoldRule

END, ROW = "2017-06-01", 530
COLUMNS = ["open", "high", "low", "close"]


def frame_of(ticker: str, ratio: float = 1.0, row: int = ROW) -> pd.DataFrame:
    """Return made bars whose rows from `row` on lack a split by `ratio`, after three days of halt."""
    frame = Simulated().fetch(ticker, "2015-01-01", END).frame
    if ratio != 1:
        halted = frame.index[row - 3 : row]
        frame.loc[halted, COLUMNS] = frame["close"].iloc[row - 4]
        frame.loc[halted, "volume"] = 0
        frame.loc[frame.index >= frame.index[row], COLUMNS] *= ratio
        frame.loc[frame.index >= frame.index[row], "volume"] /= ratio
    return frame


def bars_of(ticker: str, ratio: float = 1.0) -> Bars:
    return Bars.from_frame(ticker, frame_of(ticker, ratio))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of a sound file, one that lacks a 5:1 split and one that lacks a 1:10 reduction."""
    folder = tmp_path_factory.mktemp("bars")
    for ticker, ratio in (("A.KS", 1.0), ("SPLIT.KS", 0.2), ("MERGED.KS", 10.0)):
        frame_of(ticker, ratio).to_csv(folder / f"{ticker}.csv")
    return folder


def day_of(row: int = ROW) -> str:
    return str(Simulated().fetch("A.KS", "2015-01-01", END).sessions[row])


def flags(folder: Path, out: Path, *more: str) -> list[str]:
    small = "--forecaster linear --strategy direction --tearsheets none --jobs 1 --shifts 0"
    return [*f"--data-dir {folder} --end {END} --out {out} {small}".split(), *more]


def made(printed: str) -> tuple[Path, dict[str, Any]]:
    folder = Path(json.loads(printed)["folder"])
    return folder, json.loads((folder / "manifest.json").read_text())


@pytest.mark.parametrize("command", [main, grid], ids=["run", "grid"])
def test_one_ticker_ends_with_exit_2_the_day_the_ratio_and_the_remedies(
    command: Callable[[list[str]], int],
    folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    given = flags(folder, tmp_path, "--ticker", "SPLIT.KS")
    if command is grid:
        given = f"--data-dir {folder} --end {END} --out {tmp_path} --ticker SPLIT.KS".split()
    assert command(given) == 2
    printed, said = capsys.readouterr()
    assert not printed
    for text in (
        f"on {day_of()}, across a halt of 3 sessions",
        "the daily limit is 30%",
        "the nearest simple ratio is 1/5",
        "--repair splits",
        f"--repair 'SPLIT.KS prices x1/5 before {day_of()}'",
        f"--start {day_of()}",
        "--as-is",
    ):
        assert text in said, text
    assert not list(tmp_path.iterdir()), "nothing was trained"


def test_a_repair_gives_the_bars_of_a_sound_file(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = f"SPLIT.KS prices x1/5 before {day_of()}"
    digests = []
    for repair in ("splits", line):
        given = flags(folder, tmp_path, "--ticker", "SPLIT.KS", "--repair", repair, "--json")
        assert main(given) == 0
        printed, said = capsys.readouterr()
        run, manifest = made(printed)
        assert ("Repaired by --repair splits: " + line in said) is (repair == "splits")
        (entry,) = manifest["data"]
        assert entry["repaired"]["splits"] == [{"before": day_of(), "ratio": "1/5"}]
        assert (entry["as_is"], manifest["price_jumps"]) == ([], [])
        page = (run / "index.html").read_text(encoding="utf-8")
        assert f"prices before {day_of()} times 1/5" in page and "AS IS" not in page
        digests.append((manifest["digest"], manifest["key"]))
    assert digests[0] == digests[1], "how a repair was written changes nothing"
    before = bars_of("SPLIT.KS", 0.2)
    repaired = with_splits(before, [Split(day_of(), "1/5")])
    earlier = before.sessions < np.datetime64(day_of())
    assert repaired.close[earlier] == pytest.approx(before.close[earlier] / 5)
    assert repaired.volume[earlier] == pytest.approx(before.volume[earlier] * 5)
    assert (repaired.close[~earlier] == before.close[~earlier]).all()
    assert repaired.tradable.tolist() == before.tradable.tolist()


@pytest.mark.parametrize(
    "tearsheets", ["none", pytest.param("main", marks=pytest.mark.slow, id="main")]
)
def test_as_is_goes_on_and_marks_every_figure(
    tearsheets: str, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = flags(folder, tmp_path, "--ticker", "SPLIT.KS", "A.KS", "--as-is")
    given[given.index("none")] = tearsheets
    assert main([*given, "--json"]) == 0
    printed, _ = capsys.readouterr()
    run, manifest = made(printed)
    assert json.loads(printed)["as_is"] is True
    assert {e["ticker"]: e["as_is"] for e in manifest["data"]} == {
        "SPLIT.KS": [day_of()],
        "A.KS": [],
    }
    table = pd.read_csv(run / "metrics.csv")
    assert table.groupby("ticker")["as_is"].all().to_dict() == {"A.KS": False, "SPLIT.KS": True}
    pages = {p.relative_to(run): p.read_text(encoding="utf-8") for p in run.rglob("*.html")}
    assert len(pages) >= (3 if tearsheets == "none" else 7)
    for path, page in pages.items():
        of_sound_file = path.parts[0] == "A.KS"
        heading = re.search(r"<h1>(.*?)</h1>", page, re.S)
        assert heading and ("AS IS" in heading[1]) is not of_sound_file, path
        assert ("a close moves as no market" in page) is not of_sound_file, path
    # the paper's table says it too, and the terminal in each row
    assert "AS IS" in (run / "results.tex").read_text()
    assert main(given) == 0
    printed, _ = capsys.readouterr()
    assert (
        f"AS IS: closes move as no market allows, every figure rests on that: SPLIT.KS on {day_of()}"
        in printed
    )
    lines = [line for line in printed.splitlines() if "SPLIT.KS" in line and "%" in line]
    assert len(lines) > 5
    assert all("AS IS" in line or "(AS" in line for line in lines), lines


def test_as_is_and_a_repair_by_fit_exclude_each_other() -> None:
    with pytest.raises(InputError, match="--as-is and --repair splits exclude each other"):
        RunConfig(ticker=("A.KS",), as_is=True, repair=("splits",))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("splitz", "is no split; write"),
        ("SPLIT.KS x5 before 2017-01-02", "is no split; write"),
        ("SPLIT.KS prices x0 before 2017-01-02", "must be above 0"),
        ("SPLIT.KS prices x1/5 before 2040-01-02", "lies outside the bars"),
        ("OTHER.KS prices x1/5 before 2017-01-02", "OTHER.KS is none of SPLIT.KS"),
    ],
)
def test_a_repair_that_cannot_be_made_is_refused(line: str, message: str) -> None:
    config = RunConfig(ticker=("SPLIT.KS",), repair=(line,), end=END)
    with pytest.raises(InputError, match=message):
        settle({"SPLIT.KS": bars_of("SPLIT.KS", 0.2)}, config)


# --- in a universe -------------------------------------------------------------------------------


def run_universe(
    folder: Path, out: Path, capsys: pytest.CaptureFixture[str], lines: str, *more: str
) -> tuple[Path, dict[str, Any], str]:
    out.mkdir(exist_ok=True)
    (out / "u.txt").write_text(lines)
    given = flags(folder, out, "--universe", str(out / "u.txt"), "--slots", "3", "--json", *more)
    assert main(given) == 0
    printed, said = capsys.readouterr()
    return *made(printed), said


def test_a_universe_buys_and_forecasts_no_more_from_that_day_and_knows_nothing_before(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tickers = "A.KS\nSPLIT.KS\nMERGED.KS\n"
    run, manifest, said = run_universe(folder, tmp_path / "a", capsys, tickers)
    for ticker in ("SPLIT.KS", "MERGED.KS"):
        assert f"write '{ticker} prices x" in said
    assert [(j["ticker"], j["session"]) for j in manifest["price_jumps"]] == [
        ("MERGED.KS", day_of()),
        ("SPLIT.KS", day_of()),
    ]
    fills = pd.read_csv(run / "fills.csv")
    faulty = fills[fills["ticker"] != "A.KS"]
    assert len(faulty) and (fills["session"] > day_of()).any(), "the market of this test trades"
    assert not ((faulty["side"] == "buy") & (faulty["session"] >= day_of())).any()
    forecasts = pd.read_parquet(run / "forecasts.parquet")
    late = forecasts[forecasts["as_of"].astype(str) >= day_of()]
    assert set(late["ticker"]) == {"A.KS"}
    crossing = forecasts[forecasts["target"].astype(str) >= day_of()].dropna(subset=["target"])
    assert set(crossing["ticker"]) == {"A.KS"}
    page = (run / "index.html").read_text(encoding="utf-8")
    assert f"not bought and not forecast from {day_of()} on" in page

    # What was decided before that day is what sound files give: nothing was known.
    sound = tmp_path / "sound"
    sound.mkdir()
    for ticker, ratio in (("A.KS", 1.0), ("SPLIT.KS", 0.2), ("MERGED.KS", 10.0)):
        frame = frame_of(ticker, ratio)
        if ticker != "A.KS":  # the same halt, but the split applied
            later = frame.index >= day_of()
            frame.loc[later, COLUMNS] /= ratio
            frame.loc[later, "volume"] *= ratio
        frame.to_csv(sound / f"{ticker}.csv")
    other, _, _ = run_universe(sound, tmp_path / "b", capsys, tickers)
    of_sound = pd.read_csv(other / "fills.csv")
    before = lambda table: table[table["session"] < day_of()].reset_index(drop=True)  # noqa: E731
    pd.testing.assert_frame_equal(before(fills), before(of_sound))

    # The line of the message repairs it.
    repaired = (
        f"A.KS\nSPLIT.KS prices x1/5 before {day_of()}\nMERGED.KS prices x10 before {day_of()}\n"
    )
    _, manifest, said = run_universe(folder, tmp_path / "c", capsys, repaired)
    assert manifest["price_jumps"] == [] and "no market" not in said
    assert [len(e["repaired"]["splits"]) for e in manifest["data"]] == [0, 1, 1]


def test_strict_ends_a_universe_and_names_the_ticker(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "u.txt").write_text("A.KS\nSPLIT.KS\n")
    universe = str(tmp_path / "u.txt")
    assert main(flags(folder, tmp_path / "out", "--universe", universe, "--strict")) == 2
    assert "SPLIT.KS: the close moves from" in capsys.readouterr().err


def test_an_open_position_keeps_its_raw_loss_and_gets_no_raw_gain() -> None:
    config = RunConfig(ticker=("SPLIT.KS", "MERGED.KS"), end=END)
    bars = {"SPLIT.KS": bars_of("SPLIT.KS", 0.2), "MERGED.KS": bars_of("MERGED.KS", 10.0)}
    with pytest.warns(DataWarning, match="no market|not bought"):
        settled = settle(bars, config, pooled=True)
    day = np.datetime64(day_of())
    assert settled.closed == dict.fromkeys(bars, day_of())
    assert (settled.bars["SPLIT.KS"].close == bars["SPLIT.KS"].close).all()
    assert settled.bars["MERGED.KS"].sessions[-1] < day
    assert all(series.sessions[-1] < day for series in settled.known.values())


def test_a_purchase_decided_the_day_before_does_not_fill_on_the_day(
    make_bars: Callable[..., Bars], make_forecasts: Callable[..., Forecasts]
) -> None:
    rows = [(100, 100, 100, 100, 900)] * 2 + [(20, 20, 20, 20, 900)] * 2
    bars = make_bars(rows)
    forecasts = make_forecasts(bars, [120.0] * 4)
    free = Broker(10_000, Costs.of(market_for("X"), commission_bps=0, slippage_bps=0))
    day = str(bars.sessions[2])
    shut = Broker(10_000, free.costs, closed=((bars.ticker, day),))
    for broker, first in ((free, 1), (shut, 1)):
        result = run_backtest(
            {bars.ticker: bars}, {bars.ticker: forecasts}, BuyAndHoldRule(), broker
        )
        assert [fill.session for fill in result.fills] == [str(bars.sessions[first])]
    late = make_bars(rows[1:])
    forecasts = make_forecasts(late, [120.0] * 3)
    shut = Broker(10_000, free.costs, closed=((late.ticker, str(late.sessions[1])),))
    result = run_backtest({late.ticker: late}, {late.ticker: forecasts}, BuyAndHoldRule(), shut)
    assert result.fills == () and {miss.why for miss in result.unfilled} == {"price jump"}


def test_liquidation_of_a_ticker_that_ended_is_kept_as_a_loss_and_told() -> None:
    frame = frame_of("SPLIT.KS", 0.1, row=ROW).iloc[: ROW + 5]
    bars = Bars.from_frame("SPLIT.KS", frame)
    config = RunConfig(ticker=("SPLIT.KS",), end="2019-01-01")
    with pytest.warns(DataWarning, match="taken for liquidation trading"):
        settled = settle({"SPLIT.KS": bars}, config)
    assert settled.closed == {} and not settled.bars["SPLIT.KS"].origin.as_is
    with pytest.raises(InputError, match="No market allows that"):  # the bars may go on
        settle({"SPLIT.KS": bars}, RunConfig(ticker=("SPLIT.KS",), end=str(bars.sessions[-1] + 1)))
    with pytest.raises(InputError, match="No market allows that"):  # a faulty row ends the bars
        settle({"SPLIT.KS": bars}, config, cut=("SPLIT.KS",))
