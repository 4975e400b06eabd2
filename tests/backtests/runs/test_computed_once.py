"""A run computes each figure once, and hands it to pages, tables, manifest and terminal."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Any

import pytest

import backtests.report.overview
import backtests.report.page
import backtests.report.tables.run
import backtests.report.tearsheet  # noqa: F401  what a run imports late is imported before it is counted
from backtests.account.performance import performance
from backtests.judging.diagnosis import diagnose
from forecasters.measures.metrics import forecast_metrics
from tests.backtests.example_runs import run


def counted(
    monkeypatch: pytest.MonkeyPatch, function: Callable[..., Any], key: Callable[..., Hashable]
) -> Counter[Hashable]:
    """Count the calls of a function by `key` of its arguments, wherever it was imported to."""
    calls: Counter[Hashable] = Counter()
    seen = []  # an object that is kept alive has an id that no other object takes

    def count(*arguments: Any) -> Any:
        seen.append(arguments)
        calls[key(*arguments)] += 1
        return function(*arguments)

    for module in list(sys.modules.values()):
        if getattr(module, function.__name__, None) is function:
            monkeypatch.setattr(module, function.__name__, count)
    return calls


@pytest.mark.slow
def test_each_figure_of_a_run_is_computed_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    errors = counted(monkeypatch, forecast_metrics, id)
    figures = counted(monkeypatch, performance, id)
    diagnoses = counted(
        monkeypatch, diagnose, lambda forecasts, threshold, *_: (forecasts[0].forecaster, threshold)
    )
    code, _ = run(capsys, "--out", tmp_path, "--jobs", 1, "--tearsheets", "all")
    assert code == 0
    for calls in (errors, figures, diagnoses):
        assert calls
        assert set(calls.values()) == {1}
