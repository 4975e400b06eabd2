"""The days after which bars are changed."""

from dataclasses import replace

import numpy as np

from backtests import plugins
from backtests.auditing.subject import Subject
from tests.backtests.auditing.planted import PLAN


def test_days_are_the_corners_of_the_folds_and_a_halt(bars):
    trial = Subject(plugins.load(plugins.FORECASTERS, plugins.parse("naive"))(), PLAN, bars)
    rows = np.searchsorted(bars["051900.KS"].sessions, trial.days)
    assert {61, 76, 77, 85} <= set(rows.tolist())
    assert len(replace(trial, few_days=True).days) < len(trial.days)


def test_a_ticker_too_short_for_a_fold_has_no_forecasts(bars):
    short = {**bars, "005930.KS": bars["005930.KS"].rows(slice(0, 40))}
    trial = Subject(plugins.load(plugins.FORECASTERS, plugins.parse("naive"))(), PLAN, short)
    assert set(trial.forecasts(short)) == {"051900.KS"}
