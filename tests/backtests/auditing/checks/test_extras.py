"""A column that holds what comes is found; an honest one is not, wherever it begins."""

from dataclasses import replace

import numpy as np
import pytest

from backtests import plugins
from backtests.auditing.checks.extras import check_extras
from backtests.auditing.checks.no_skill import check_white_noise
from backtests.auditing.finding import Status
from backtests.auditing.subject import Subject
from forecasters.features import make_features
from forecasters.inputs.extras import Extra
from tests.backtests.auditing.planted import PLAN, assert_found


def log_returns(bars):
    return np.diff(np.log(bars.close), append=np.log(bars.close[-1]))


def extra_of(bars, values):
    return Extra("news.csv", ("tone",), bars.sessions, bars.sessions, values[:, None])


def subject_with(bars, values, real=True):
    """Return a subject with one extra column; `real` bars do not say that they are simulated."""
    first = bars["051900.KS"]
    origin = replace(first.origin, simulated=not real)
    extra = extra_of(first, values)
    linear = plugins.make(plugins.FORECASTERS, plugins.parse("linear"))
    return Subject(
        linear,
        PLAN,
        {"051900.KS": replace(first, origin=origin)},
        walks=2,
        make=lambda *given: make_features(*given, extras=(extra,)),
        extras=(extra,),
    )


LEAKS = {
    "the next return": lambda bars: log_returns(bars),
    "its sign": lambda bars: np.sign(log_returns(bars)),
    "the next close": lambda bars: np.append(bars.close[1:], bars.close[-1]),
    "a sum of returns up to the next": lambda bars: np.cumsum(log_returns(bars)),
    "the next return under noise": lambda bars: (
        log_returns(bars) + np.random.default_rng(0).normal(0, 0.012, len(bars))
    ),
}


@pytest.mark.parametrize("holds", LEAKS)
def test_a_column_that_holds_what_comes_is_found(bars, holds):
    subject = subject_with(bars, LEAKS[holds](bars["051900.KS"]))
    assert_found("next return", subject, "'tone' goes with the next return of 051900.KS")


HONEST = {
    "a random walk": lambda bars: 9 + np.cumsum(np.random.default_rng(1).normal(size=len(bars))),
    "the return of the day": lambda bars: np.roll(log_returns(bars), 1),
    "the close of the day": lambda bars: bars.close,
    "one value a month": lambda bars: np.where(np.arange(len(bars)) % 21, np.nan, bars.volume),
}


@pytest.mark.parametrize("holds", HONEST)
def test_an_honest_column_passes(bars, holds):
    finding = check_extras(subject_with(bars, HONEST[holds](bars["051900.KS"])))[0]
    assert finding.status is Status.PASSED, finding.sentence


def test_on_simulated_bars_nothing_can_be_said(bars):
    finding = check_extras(
        subject_with(bars, HONEST["a random walk"](bars["051900.KS"]), real=False)
    )
    assert finding[0].status is Status.CANNOT_SAY
    assert "audit it on those you trade" in finding[0].sentence


def test_made_up_bars_lie_within_the_dates_of_a_column(bars):
    """A column begins with the bars of the audit; random walks dated before it would know nothing."""
    subject = subject_with(bars, HONEST["a random walk"](bars["051900.KS"]))
    assert check_white_noise(subject)[0].status is Status.PASSED
