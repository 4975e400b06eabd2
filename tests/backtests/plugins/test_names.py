"""What enters keys, the ledger of trials and saved fits as a name knows nothing of where a file lies."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import sys
import types
from pathlib import Path

import pytest

from backtests import plugins
from backtests.command.config import RunConfig
from backtests.jobs.saved import load_fit, save_fit
from backtests.plugins import named
from backtests.runs.resolve import (
    describe_folds,
    describe_forecaster,
    describe_source,
    make_folds,
    make_plan,
)
from backtests.sources.simulated import Simulated
from backtests.trials.trial import trial_key
from forecasters.errors import InputError
from forecasters.features import make_features
from forecasters.models.rnn import RNN
from forecasters.walk_forward import WalkForward

#: Ledgers of users hold keys made of these words: a word that changes counts every trial once more.
NAMES = {
    "forecaster": {
        "arima": "forecaster:arima",
        "boosting": "forecaster:boosting",
        "cnn": "forecaster:cnn",
        "cnn_lstm": "forecaster:cnn_lstm",
        "drift": "forecaster:drift",
        "gru": "forecaster:gru",
        "linear": "forecaster:linear",
        "lstm": "forecaster:lstm",
        "naive": "forecaster:naive",
        "rnn": "forecaster:rnn",
        "stacked_lstm": "forecaster:stacked_lstm",
    },
    "strategy": {
        "buy_and_hold": "strategy:buy_and_hold",
        "direction": "strategy:direction",
        "five_percent": "strategy:five_percent",
        "quantile": "strategy:quantile",
        "rank": "strategy:rank",
        "sma_cross": "strategy:sma_cross",
    },
}

FILE = """
from dataclasses import dataclass
from forecasters.models.{base_file} import {base}
@dataclass(kw_only=True)
class Mine({base}):
    lookback: int = 5
"""


def config(**values: object) -> RunConfig:
    return RunConfig(**{"ticker": ("051900.KS",), "source": "simulated", **values})


def test_every_plugin_of_ours_has_the_name_it_had() -> None:
    made = make_plan(
        config(forecaster=tuple(NAMES["forecaster"]), strategy=tuple(NAMES["strategy"]))
    ).described
    for kind, described in (("forecaster", "forecasters"), ("strategy", "strategies")):
        found = {label: entry["class"] for label, entry in made[described].items()}
        assert found == NAMES[kind]
        assert all(entry["code"] is None for entry in made[described].values())


def test_every_plugin_of_ours_stands_in_the_table() -> None:
    for kind in (plugins.FORECASTERS, plugins.STRATEGIES):
        assert plugins.names(kind) == sorted(NAMES[kind.word])


@pytest.mark.parametrize(
    ("values", "name"), [({}, "walk_forward"), ({"split": "70:15:15"}, "fixed_split")]
)
def test_the_folds_have_a_name(values: dict[str, str], name: str) -> None:
    assert describe_folds(make_folds(config(**values)))["class"] == name


def test_a_users_file_is_named_by_its_stem_and_class(tmp_path: Path) -> None:
    (tmp_path / "deeper").mkdir()
    described = []
    for folder in (tmp_path, tmp_path / "deeper"):
        path = folder / "my.linear.py"
        path.write_text(FILE.format(base_file="linear", base="Linear"))
        made = make_plan(config(forecaster=(str(path),)))
        described.append(made.described["forecasters"]["my.linear"])
    assert described[0]["class"] == "forecaster:my.linear.py:Mine"
    assert described[0] == described[1], "the folder is no part of it"


def test_a_users_file_that_begins_like_a_package_of_ours_is_the_users(tmp_path: Path) -> None:
    path = tmp_path / "forecasters.v2.py"
    path.write_text(FILE.format(base_file="linear", base="Linear"))
    entry = make_plan(config(forecaster=(str(path),))).described["forecasters"]["forecasters.v2"]
    assert entry["class"] == "forecaster:forecasters.v2.py:Mine" and len(entry["code"]) == 64


def test_another_package_is_named_by_itself_and_the_class(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "desks").mkdir()
    text = "class Desk:\n    def fetch(self, ticker, start, end):\n        return None\n"
    (tmp_path / "desks" / "desk.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("desks", "desks.desk"):
        monkeypatch.setitem(sys.modules, name, None)  # taken out again afterwards
        del sys.modules[name]
    entry = describe_source(importlib.import_module("desks.desk").Desk())
    assert entry is not None
    assert entry["class"] == "source:desks/Desk" and len(entry["code"]) == 64
    assert describe_source(Simulated()) is None


@pytest.fixture
def moved(monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    """Return the module of the RNN as it is after a move to a package of another name."""
    spec = importlib.util.spec_from_file_location("house.upper.rnn", inspect.getfile(RNN))
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "house.upper.rnn", module)
    spec.loader.exec_module(module)
    monkeypatch.setattr(named, "OURS", (*named.OURS, "house"))
    return module


def test_a_class_that_moved_keeps_its_name_its_trials_its_draws_and_its_saved_fits(
    moved: types.ModuleType, tmp_path: Path
) -> None:
    bars = Simulated().fetch("051900.KS", "2015-01-01", "2016-06-01")
    features = make_features(bars, "ohlcv", 1)
    settings = {"hidden": 3, "epochs": 1, "lookback": 4}
    kept = []
    for cls in (RNN, moved.RNN):
        forecaster = cls(**settings)
        fit = WalkForward(train_size=200).fits(forecaster, features)[0]
        path = save_fit(tmp_path / "fit.safetensors", fit, fit.learn()[1], "ohlcv")
        described = describe_forecaster(forecaster)
        key = trial_key(forecaster=described, rule=None, plan={})
        kept.append((described, key, fit.generator().bytes(8), path.read_bytes()))
        assert isinstance(load_fit(path).forecaster, RNN)
    assert moved.RNN is not RNN and kept[0] == kept[1]


def test_a_rule_of_ours_that_moved_is_still_replayed(monkeypatch: pytest.MonkeyPatch) -> None:
    from backtests.account.replay.account import uncovered
    from backtests.runs.resolve import make_broker
    from strategies.direction import DirectionRule

    bars = {"051900.KS": Simulated().fetch("051900.KS", "2015-01-01", "2016-06-01")}
    broker = make_broker(config(), "051900.KS")
    rule = type("DirectionRule", (DirectionRule,), {"__module__": "house.direction"})()
    assert uncovered(bars, rule, broker) == "the rule is the user's own"
    monkeypatch.setattr(named, "OURS", (*named.OURS, "house"))
    assert uncovered(bars, rule, broker) == ""


def test_a_saved_fit_of_a_users_file_asks_for_its_class(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text(FILE.format(base_file="rnn", base="RNN"))
    forecaster = plugins.make(plugins.FORECASTERS, plugins.parse(f"{path}:epochs=1,hidden=3"))
    bars = Simulated().fetch("051900.KS", "2015-01-01", "2016-06-01")
    fit = WalkForward(train_size=200).fits(forecaster, make_features(bars, "ohlcv", 1))[0]
    saved = save_fit(tmp_path / "fit.safetensors", fit, fit.learn()[1], "ohlcv")
    with pytest.raises(InputError, match=r"'mine\.py:Mine' is in a file of yours.*cls"):
        load_fit(saved)
    assert load_fit(saved, type(forecaster)).about["forecaster"] == "mine.py:Mine"
