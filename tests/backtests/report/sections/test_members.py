"""The timeline of a universe: which ticker could be bought when."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from backtests.report.sections.members import Lane, timeline
from backtests.studies.study import UNIVERSE, Study
from backtests.universe.membership import Membership
from backtests.universe.volume_steps import Step
from tests.backtests.example_studies import make_bars, make_forecasts, make_result, make_study

#: The account begins with the first forecast of EARLY; LATE is forecast 50 sessions later.
ROWS, FIRST, LATER = 200, 100, 150


def make_universe(largest: int | None = 1, **given: object) -> Study:
    """Return a study in which EARLY could be bought on two stretches, LATE always."""
    bars = {ticker: make_bars(ticker, ROWS) for ticker in ("LATE.KS", "EARLY.KS")}
    flags = np.zeros(ROWS, dtype=bool)
    flags[80:110] = flags[180:] = True
    members = {"LATE.KS": np.ones(ROWS, dtype=bool), "EARLY.KS": flags}
    begins = {"LATE.KS": LATER, "EARLY.KS": FIRST}
    return replace(
        make_study(rows=ROWS, first=FIRST, forecasters=()),
        account=UNIVERSE,
        bars=bars,
        forecasts={t: (make_forecasts(b, "naive", begins[t]),) for t, b in bars.items()},
        results=(make_result(bars["EARLY.KS"], None, "buy_and_hold", FIRST),),
        membership=Membership(members, (), largest),
        **given,  # type: ignore[arg-type]
    )


def test_one_ticker_has_no_timeline() -> None:
    assert timeline(make_study(rows=ROWS, first=FIRST)) is None


def test_a_lane_begins_with_the_first_forecast_and_shows_each_stretch() -> None:
    study = make_universe()
    shown = timeline(study)
    assert shown is not None
    days = study.bars["EARLY.KS"].sessions
    assert (shown.first, shown.last) == (str(days[FIRST]), str(days[-1]))
    late, early = shown.rows
    assert [late.ticker, early.ticker] == ["LATE.KS", "EARLY.KS"], "in the order of the account"
    assert late == Lane("LATE.KS", str(days[LATER]), 1.0, late.bars)
    assert early.joins == str(days[FIRST])
    assert early.share == pytest.approx(30 / 100), "10 and 20 of its 100 sessions"
    assert [title for _, _, title in early.bars] == [
        f"{days[FIRST]} to {days[109]}", f"{days[180]} to {days[-1]}",
    ]  # fmt: skip


def test_the_edges_of_a_stretch_are_percents_of_the_time_of_the_account() -> None:
    study = make_universe()
    shown = timeline(study)
    assert shown is not None
    days = study.bars["EARLY.KS"].sessions
    whole = int((days[-1] - days[FIRST]).astype(int))
    late, early = shown.rows
    ((left, width, _),) = late.bars
    assert left == pytest.approx(
        100 * int((days[LATER] - days[FIRST]).astype(int)) / whole, abs=0.01
    )
    assert early.bars[0][0] == 0
    assert left + width == pytest.approx(100 * (whole + 1) / whole, abs=0.02), "the last day too"


def test_where_all_may_be_bought_it_says_so_and_who_was_left_out() -> None:
    shown, none = timeline(make_universe(None)), timeline(make_universe(None, left_out=("C", "D")))
    assert shown is not None and none is not None
    assert shown.notes == ("Every ticker can be bought from its first forecast on.",)
    assert none.notes[0].endswith(" first forecast on. Left out, with too few sessions: C, D.")


def test_where_the_largest_are_bought_the_choice_and_its_faults_are_told() -> None:
    study = make_universe(1, left_out=("C",))
    shown = timeline(study)
    assert shown is not None and study.membership is not None
    (note,) = shown.notes
    assert note.startswith("Only the 1 largest of 2 tickers on the day of the decision are bought")
    assert note.endswith("Left out, with too few sessions: C.")
    steps = tuple(Step("LATE.KS", day, 50.0, None) for day in ("2016-05-02", "2016-08-01"))
    faulty = timeline(replace(study, membership=replace(study.membership, steps=steps)))
    assert faulty is not None
    assert faulty.notes[0] == note
    assert faulty.notes[1].startswith(
        "Before the step of its volumes LATE.KS is left out, and this"
    )
