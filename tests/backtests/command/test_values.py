"""`config` in the manifest and on the page holds every value as it was used."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from backtests.grid import main as grid
from backtests.run import main

SPAN = "--source simulated --start 2015-01-01 --end 2016-06-01 --jobs 1 --quiet".split()
SHORT = [*SPAN, *"--train-size 200 --step 100 --seeds 1 --tearsheets none --end 2016-02-15".split()]


def finished(flags: list[str], out: Path, command: Any = main) -> tuple[dict[str, Any], Path]:
    assert command([*flags, "--out", str(out)]) == 0
    (folder,) = (one for one in out.iterdir() if one.is_dir())
    return json.loads((folder / "manifest.json").read_text()), folder


def table_of(folder: Path) -> dict[str, str]:
    """Return the table "Configuration" of a page."""
    page = (folder / "index.html").read_text()
    section = page.partition("Configuration, every value")[2].partition("</table>")[0]
    rows = re.findall(r'<tr><td class="l">(.*?)</td><td[^>]*><code>(.*?)</code>', section)
    return {name: value.replace("&#34;", '"') for name, value in rows}


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    flags = "--ticker 051900.KS --forecaster rnn:epochs=1,hidden=2 cnn:epochs=2,filters=2 linear --shifts 0"
    rules = "--strategy five_percent five_percent:threshold=0.01,max_hold=3 direction"
    return finished([*SHORT, *flags.split(), *rules.split()], tmp_path_factory.mktemp("plain"))


def test_a_value_of_all_that_have_the_setting_is_plain(plain: tuple[dict[str, Any], Path]) -> None:
    config = plain[0]["config"]
    for name, value in {
        "exit": "entry", "first_exit": 1, "fill": "open", "batch_size": 64,
        "learning_rate": 0.001, "target": "close", "reduction": "pca", "device": "cpu", "seeds": 1,
    }.items():  # fmt: skip
        assert config[name] == value, name
    assert (
        config["engine"] == plain[0]["forecasters"]["cnn:epochs=2,filters=2"]["settings"]["engine"]
    )


def test_the_page_says_how_a_cnn_differs_from_the_published_one(
    plain: tuple[dict[str, Any], Path],
) -> None:
    page = (plain[1] / "index.html").read_text()
    said = re.search(r"cnn:epochs=2,filters=2 is not (.*?)</dd>", page, re.DOTALL)
    assert said is not None
    text = re.sub(r"<[^>]*>", "", said[1])
    assert text.startswith(
        "S3&#39;s best CNN (table 11): filters 2 where that has 256, epochs 2 where"
    )
    assert "--forecaster cnn:preset=s3 --features ohlcv+indicators --split 80:20" in text


def test_values_that_differ_stand_by_label(plain: tuple[dict[str, Any], Path]) -> None:
    config = plain[0]["config"]
    assert config["epochs"] == {"rnn:epochs=1,hidden=2": 1, "cnn:epochs=2,filters=2": 2}
    other = "five_percent:max_hold=3,threshold=0.01"
    assert config["threshold"] == {"five_percent": 0.05, other: 0.01}
    assert config["max_hold"] == {"five_percent": None, other: 3}


def test_the_account_and_the_market_say_what_they_took(plain: tuple[dict[str, Any], Path]) -> None:
    manifest, _ = plain
    config = manifest["config"]
    assert (config["cash"], config["market"], config["slots"]) == (100_000_000, "krx", 1)
    assert config["commission_bps"] == manifest["accounts"]["051900.KS"]["costs"]["commission_bps"]
    assert config["tax_bps"] == "krx table by date"
    assert manifest["accounts"]["051900.KS"]["costs"]["market"]["tax"], "the table itself"
    assert config["shifts"] == 0


def test_what_means_never_stays_null_and_the_page_says_it(
    plain: tuple[dict[str, Any], Path],
) -> None:
    manifest, folder = plain
    table = table_of(folder)
    for name, words in {
        "stop_loss": "no stop", "clip": "no clipping", "components": "all", "patience": "never",
        "volume_cap": "no cap", "largest": "all", "benchmark": "buy and hold", "extra": "none",
    }.items():  # fmt: skip
        assert not manifest["config"][name], name
        assert table[name] == words
    assert table["max_hold"] == "five_percent: never; five_percent:max_hold=3,threshold=0.01: 3"
    assert table["epochs"] == "rnn:epochs=1,hidden=2: 1; cnn:epochs=2,filters=2: 2"
    assert set(table) == set(manifest["config"])
    assert not {"", "null", "None", "[]"} & set(table.values())


def test_what_no_plugin_has_was_not_used(tmp_path: Path) -> None:
    flags = [*SHORT, *"--ticker 051900.KS --forecaster drift --strategy sma_cross".split()]
    manifest, folder = finished(flags, tmp_path)
    table = table_of(folder)
    for name in ("epochs", "patience", "engine", "threshold", "exit", "max_hold"):
        assert manifest["config"][name] is None, name
        assert table[name] == "not used", name
    assert manifest["config"]["shifts"] == 0


def test_accounts_that_differ_stand_by_account(tmp_path: Path) -> None:
    flags = "--ticker 051900.KS SPY --forecaster linear --strategy direction --shifts 0"
    config = finished([*SHORT, *flags.split()], tmp_path)[0]["config"]
    assert config["market"] == {"051900.KS": "krx", "SPY": "us"}
    assert config["cash"] == {"051900.KS": 100_000_000, "SPY": 100_000}
    assert config["tax_bps"]["051900.KS"] == "krx table by date"
    assert config["slippage_bps"] == 5.0


def test_a_tax_that_was_set_is_a_number(tmp_path: Path) -> None:
    flags = "--ticker 051900.KS --forecaster linear --strategy direction --shifts 0 --tax-bps 20"
    assert finished([*SHORT, *flags.split()], tmp_path)[0]["config"]["tax_bps"] == 20.0


def test_a_grid_says_what_it_used(tmp_path: Path) -> None:
    flags = "--ticker 051900.KS --forecaster rnn:hidden=2 --cross epochs=1,2 --seeds 1"
    manifest, folder = finished([*SPAN, *flags.split()], tmp_path, grid)
    config = manifest["config"]
    assert sorted(config["epochs"].values()) == [1, 2]
    assert set(config["epochs"]) == set(manifest["forecasters"]) - {"naive"}
    assert (config["batch_size"], config["learning_rate"]) == (64, 0.001)
    assert "threshold" not in config and "cash" not in config
    table = table_of(folder)
    assert table["clip"] == "no clipping" and table["beside"] == "none"
    assert not {"", "null", "None", "[]"} & set(table.values())


def test_a_grid_over_inputs_says_which_had_which(tmp_path: Path) -> None:
    crossed = ["--cross", "features=ohlcv,ohlcv+indicators"]
    flags = [*SPAN, "--ticker", "051900.KS", "--forecaster", "linear", *crossed]
    config = finished(flags, tmp_path, grid)[0]["config"]
    assert sorted(config["features"].values()) == ["ohlcv", "ohlcv+indicators"]
