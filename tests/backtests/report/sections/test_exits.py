"""The exits of a rule side by side."""

from __future__ import annotations

from dataclasses import replace

from backtests.account.performance import performance
from backtests.report.sections.exits import Exits, section
from tests.backtests.example_studies import make_study

MEANINGS = {"entry": "sold late", "day": "sold early"}


def test_each_forecaster_that_bought_has_a_cell_for_each_exit() -> None:
    study = make_study()
    shown = section(Exits(study.exits, MEANINGS))
    assert shown["names"] == ["entry", "day", "touch"]
    assert shown["meanings"] == list(MEANINGS.items())
    bought = [r for r in study.exits if r.trades]
    ((name, cells),) = shown["rows"]
    assert {r.forecaster for r in bought} == {name}
    assert cells == [performance(result) for result in bought]
    assert len(shown["idle"]) == len(study.by_forecaster) - 1


def test_an_exit_that_was_not_run_is_an_empty_cell() -> None:
    results = [r for r in make_study().exits if r.trades][:1]
    other = [r for r in make_study().exits if not r.trades][1:2]
    ((_, cells),) = section(Exits([*results, *other]))["rows"]
    assert cells == [performance(results[0]), None]


def test_a_run_without_exits_shows_none() -> None:
    assert section(Exits(())) == {"names": [], "meanings": [], "rows": [], "idle": []}


def test_the_settings_behind_an_exit_are_no_part_of_its_name() -> None:
    result = next(r for r in make_study().exits if r.trades)
    named = replace(result, strategy="five_percent:exit=day,max_hold=5")
    shown = section(Exits([named]))
    assert shown["names"] == ["day"]
    assert shown["rows"] == [(named.forecaster, [performance(named)])]
