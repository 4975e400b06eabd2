"""The diagnoses of a study: each rule with a threshold on each forecaster."""

from __future__ import annotations

from backtests.judging.diagnosis import Diagnosis, diagnose
from backtests.studies.study import Study


def diagnoses_of(study: Study) -> dict[str, tuple[Diagnosis, ...]]:
    """Return the diagnoses by rule, one a forecaster, naive first; no rule without a threshold."""
    results = {(result.forecaster, result.strategy): result for result in study.results}
    foresight = {result.strategy: result for result in study.foresight}
    forecasts = study.by_forecaster
    return {
        strategy: tuple(
            diagnose(by_ticker, threshold, results.get((name, strategy)), foresight.get(strategy))
            for name, by_ticker in forecasts.items()
        )
        for strategy, threshold in study.thresholds.items()
        if forecasts
    }
