"""What every table and page of a study needs, computed once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from backtests.account.performance import Figures, performance
from backtests.account.result import Result
from backtests.judging.diagnosis import Diagnosis
from backtests.report.rows import Value, error_columns, forecaster_row, result_row
from backtests.studies.diagnoses import diagnoses_of
from backtests.studies.study import Study
from forecasters.measures.metrics import forecast_metrics


@dataclass(frozen=True, eq=False)
class Summary:
    """A study and the figures that are computed from it.

    A run makes it once, after the study is judged, and hands it to the pages, the tables, the
    manifest and the terminal. None of them computes these figures again.

    Attributes
    ----------
    study : Study
    performance : mapping
        Result of the study to its `performance`; exits and foresight are not in it.
    errors : mapping
        Forecaster, naive first, to ticker to its `forecast_metrics`, JSON-able.
    rows : tuple of mapping
        One for each result of the study, in its order, with the keys of `rows.COLUMNS`.
    forecaster_rows : tuple of mapping
        One for each forecaster, naive first, whether a rule uses it or not; the same keys.
    diagnoses : mapping
        Strategy with a threshold to one diagnosis for each forecaster, naive first.
    """

    study: Study
    performance: Mapping[Result, Figures]
    errors: Mapping[str, Mapping[str, Mapping[str, Any]]]
    rows: tuple[Mapping[str, Value], ...]
    forecaster_rows: tuple[Mapping[str, Value], ...]
    diagnoses: Mapping[str, tuple[Diagnosis, ...]]


def summarise(study: Study) -> Summary:
    """Return the summary of a study that has been judged, or of one without a judgement."""
    by_forecaster = study.by_forecaster
    figures = {result: performance(result) for result in study.results}
    errors = {
        name: {f.ticker: forecast_metrics(f) for f in forecasts}
        for name, forecasts in by_forecaster.items()
    }
    columns = {
        name: error_columns(name, len(by_forecaster[name][0].seeds), by_ticker)
        for name, by_ticker in errors.items()
    }
    return Summary(
        study=study,
        performance=figures,
        errors=errors,
        rows=tuple(
            result_row(study, result, figures[result], columns.get(result.forecaster or "", {}))
            for result in study.results
        ),
        forecaster_rows=tuple(
            forecaster_row(study, name, judged) for name, judged in columns.items()
        ),
        diagnoses=diagnoses_of(study),
    )
