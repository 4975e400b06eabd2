"""A benchmark on the sessions of an account: no return uses a later session."""

import numpy as np
import pandas as pd

from backtests.report.benchmark import align


def test_a_benchmark_of_another_calendar_never_looks_ahead() -> None:
    days = pd.DatetimeIndex(["2020-01-01", "2020-01-02", "2020-01-04", "2020-01-05"])
    other = pd.Series([0.1, 0.2, 0.5], pd.DatetimeIndex(["2020-01-01", "2020-01-03", "2020-01-05"]))
    np.testing.assert_allclose(align(other, days), [0.1, 0.0, 0.2, 0.5])
