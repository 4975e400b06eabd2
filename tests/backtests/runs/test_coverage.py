"""A file that does not reach as far as was asked is said; holidays are not."""

import warnings

import numpy as np
import pytest

from backtests.command.config import FIRST_DAY, RunConfig
from backtests.runs.coverage import check_span
from backtests.sources.source import PartialDataWarning
from forecasters.bars import Bars


@pytest.fixture
def bars():
    days = np.busday_offset("2015-01-05", np.arange(250), roll="forward")  # to 2015-12-18
    price = np.full(250, 100.0)
    return Bars("A.KS", days, price, price, price, price, price)


def config(start, end, source="csv"):
    return RunConfig(ticker=("A.KS",), start=start, end=end, source=source)


@pytest.mark.parametrize(
    ("start", "end"),
    [("2015-01-01", "2015-12-25"), (FIRST_DAY, "2015-12-20"), ("2015-06-01", "2015-12-18")],
)
def test_nothing_is_said_of_holidays_nor_of_a_start_that_nobody_named(bars, start, end):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_span(bars, config(start, end))


@pytest.mark.parametrize(
    ("start", "end"), [("2014-12-01", "2015-12-20"), ("2015-01-01", "2016-06-01")]
)
def test_a_file_that_begins_late_or_ends_early_is_said(bars, start, end):
    with pytest.warns(PartialDataWarning, match="the file holds 2015-01-05 to 2015-12-18"):
        check_span(bars, config(start, end))


def test_other_sources_say_so_themselves(bars):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_span(bars, config("2010-01-01", "2020-01-01", source="yahoo"))
