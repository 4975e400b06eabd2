"""How the figures of a page are computed: only what holds for this page is said."""

from __future__ import annotations

from dataclasses import replace

from backtests.report.sections.conventions import conventions
from backtests.studies.study import UNIVERSE
from tests.backtests.example_studies import bars_of, make_study

STUDY = make_study(rows=640)


def test_the_sessions_a_year_are_those_out_of_sample() -> None:
    out_of_sample = STUDY.results[0].periods_per_year
    assert f"{out_of_sample:.1f}" != f"{bars_of(STUDY).periods_per_year:.1f}"
    assert f"times the square root of {out_of_sample:.1f}, the" in conventions(STUDY)[0]
    untraded = conventions(replace(STUDY, results=()))
    assert f"times the square root of {bars_of(STUDY).periods_per_year:.1f}, the" in untraded[0]


def test_a_longer_horizon_is_said_and_one_session_is_not() -> None:
    assert not [text for text in conventions(STUDY) if "sessions ahead" in text]
    (text,) = (t for t in conventions(replace(STUDY, horizon=5)) if "sessions ahead" in t)
    assert text.startswith("Forecasts look 5 sessions ahead: a rule compares such a forecast with")


def test_the_account_of_a_universe_says_when_it_begins_and_what_buy_and_hold_holds() -> None:
    assert not [text for text in conventions(STUDY) if "any ticker" in text]
    *others, last = conventions(replace(STUDY, account=UNIVERSE))
    assert others == conventions(STUDY)
    assert "begins with the first forecast of any ticker" in last
    assert "Buy and hold holds every ticker of the account in equal parts" in last


def test_every_item_is_made_of_whole_sentences() -> None:
    texts = conventions(replace(STUDY, horizon=5, account=UNIVERSE))
    assert len(set(texts)) == len(texts) == 7
    assert all(text[0].isupper() and text.endswith(".") and "  " not in text for text in texts)
