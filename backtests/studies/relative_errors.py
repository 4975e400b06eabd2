"""The relative errors of each forecaster of a study, for its table and its chart."""

from __future__ import annotations

import numpy as np

from backtests.studies.study import Study
from forecasters.measures.relative_error import RelativeError, relative_error


def relative_errors_of(study: Study) -> dict[str, RelativeError]:
    """Return the relative errors of each forecaster, naive first, over the days of all tickers together.

    A forecaster without a judged day is not in it.
    """
    by_name = {}
    for name, forecasts in study.by_forecaster.items():
        actual, close, last = (
            np.concatenate([getattr(f, kind)[f.judged] for f in forecasts])
            for kind in ("actual", "close", "last_close")
        )
        if actual.size:
            by_name[name] = relative_error(actual, close, last)
    return by_name
