"""A hostile plugin or setting ends with exit 2 and a message for its author, never with a fault of ours."""

from __future__ import annotations

import functools
import importlib.metadata
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backtests.account.engine import run_backtest
from backtests.command.config import RunConfig
from backtests.command.guard import guarded
from backtests.jobs.fitting import run_fits
from backtests.jobs.store import FitStore
from backtests.runs.resolve import make_accounts, make_plan
from backtests.sources.simulated import Simulated
from backtests.studies.pipeline import fits_of, make_forecasts
from forecasters.forecasts import Forecasts
from tests.backtests.plugins import hostile

TICKER = "051900.KS"
BARS = Simulated().fetch(TICKER, "2016-01-01", "2016-04-10")
Refused = Callable[..., str]

#: Every so many cases are run with each change, the others as `slow`.
FAST = 9


def some(cases: Sequence[Any]) -> list[Any]:
    """Return the cases as parameters, most of them slow."""
    return [
        pytest.param(
            case,
            marks=() if number % FAST == 0 else pytest.mark.slow,
            id=f"{number} {case if isinstance(case, str) else case.name}"[:70],
        )
        for number, case in enumerate(cases)
    ]


@pytest.fixture(autouse=True)
def nothing_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look for no plugins of other packages: that takes most of the time of a case."""
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda **_: ())


def work(folder: Path, forecaster: str, strategy: str) -> tuple[Forecasts, ...]:
    """Resolve, train and trade as a run does, without its pages; return the forecasts."""
    config = RunConfig(
        ticker=(TICKER,),
        source="simulated",
        forecaster=(forecaster,),
        strategy=(strategy,),
        seeds=1,
        train_size=40,
        step=40,
    )
    plan = make_plan(config).plan
    bars = {TICKER: BARS}
    fit_all = functools.partial(run_fits, store=FitStore(folder / "fits"), jobs=1, quiet=True)
    forecasts, _ = make_forecasts(fits_of(bars, plan), plan, [TICKER], fit_all)
    (account,) = make_accounts(config)
    for of_forecaster in forecasts[TICKER]:
        for label, rule in plan.rules.items():
            run_backtest(bars, {TICKER: of_forecaster}, rule, account.broker, label=label)
    return forecasts[TICKER]


@pytest.fixture
def refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Refused:
    """Return what runs a case and gives back its message, after a check of how it ended."""

    def run(forecaster: str = "naive", strategy: str = "buy_and_hold") -> str:
        def body(arguments: Sequence[str]) -> int:
            work(tmp_path, forecaster, strategy)
            return 0

        code = guarded(body, [])
        message = capsys.readouterr().err
        assert code == 2, message or "it was accepted"
        assert "Traceback" not in message and "fault of ours" not in message
        assert message.startswith("backtests: ") and len(message) < 2500
        return message

    return run


def refused_file(refused: Refused, folder: Path, case: hostile.Case, kind: str) -> None:
    """Assert that a file is refused, with its name and the words of its case."""
    path = folder / "mine.py"
    path.write_text(case.code, encoding="utf-8")
    message = refused(**{kind: str(path)})
    assert "mine" in message
    assert all(word in message for word in case.words), message


def test_the_corpus_is_large() -> None:
    files = [*hostile.forecasters(), *hostile.networks(), *hostile.rules()]
    assert len(files) >= 120
    assert len(hostile.FORECASTER_SETTINGS) + len(hostile.RULE_SETTINGS) >= 60


@pytest.mark.parametrize("case", some([*hostile.forecasters()]))
def test_a_hostile_forecaster(refused: Refused, tmp_path: Path, case: hostile.Case) -> None:
    refused_file(refused, tmp_path, case, "forecaster")


@pytest.mark.parametrize("case", some([*hostile.networks()]))
def test_a_hostile_network(refused: Refused, tmp_path: Path, case: hostile.Case) -> None:
    refused_file(refused, tmp_path, case, "forecaster")


@pytest.mark.parametrize("case", some([*hostile.rules()]))
def test_a_hostile_rule(refused: Refused, tmp_path: Path, case: hostile.Case) -> None:
    refused_file(refused, tmp_path, case, "strategy")


@pytest.mark.parametrize("text", some([*hostile.FORECASTER_SETTINGS]))
def test_a_hostile_setting_of_a_forecaster(refused: Refused, text: str) -> None:
    message = refused(forecaster=text)
    assert all(word in message for word in hostile.FORECASTER_SETTINGS[text]), message[:1000]


@pytest.mark.parametrize("text", some([*hostile.RULE_SETTINGS]))
def test_a_hostile_setting_of_a_rule(refused: Refused, text: str) -> None:
    message = refused(strategy=text)
    assert all(word in message for word in hostile.RULE_SETTINGS[text]), message


@pytest.mark.parametrize(
    "answer",
    [
        "return [0.5] * n",
        "return tuple([0.5] * n)",
        "return [np.float32(0.5)] * n",
        "return np.full(n, 0.5, dtype=np.float32)",
        "return np.full(n, 0.5)",
    ],
)
def test_what_is_a_list_of_numbers_is_taken(tmp_path: Path, answer: str) -> None:
    path = tmp_path / "mine.py"
    path.write_text(hostile.HEAD + hostile.FORECASTER.format(fit="return None", predict=answer))
    _, mine = work(tmp_path, str(path), "buy_and_hold")
    assert mine.by_seed.dtype == np.float64
    for fold in np.unique(mine.fold):
        assert np.ptp(mine.by_seed[0, mine.fold == fold]) == 0, (
            "half of the range that it was fitted on"
        )
