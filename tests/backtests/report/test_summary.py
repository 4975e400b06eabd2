"""The rows behind metrics.csv, the page and the terminal."""

from __future__ import annotations

from dataclasses import replace

from backtests.report.rows import COLUMNS
from backtests.report.summary import summarise
from tests.backtests.example_studies import make_study, with_plain_rule


def test_a_row_counts_every_way_in_which_a_signal_was_not_filled() -> None:
    study = make_study()
    first = replace(study.results[0], rejected=1, expired=2, unaffordable=3)
    row = summarise(replace(study, results=(first,))).rows[0]
    assert (row["rejected"], row["expired"], row["unaffordable"]) == (1, 2, 3)
    assert tuple(row) == COLUMNS


def test_a_rule_without_forecast_has_a_row_without_errors() -> None:
    rows = summarise(with_plain_rule(make_study())).rows
    assert [row["label"] for row in rows[-2:]] == ["hold", "buy_and_hold"]
    assert all(row["mape"] is None and row["beats_naive"] is None for row in rows[-2:])
