"""An answer that comes from a date or from a price level is found."""

import pytest

from backtests.auditing.finding import Status
from tests.backtests.auditing.planted import assert_found, verdict_and_text


@pytest.mark.parametrize(
    ("leak", "check", "words"),
    [
        ("read_at_import", "dates", "looked up by date"),
        ("knows_the_dates", "dates", "looked up by date"),
        ("knows_the_prices", "prices", "prices are looked up"),
    ],
)
def test_an_answer_from_elsewhere_is_found(trial_of_file, leak, check, words):
    assert_found(check, trial_of_file(leak), words)


def test_of_unscaled_inputs_the_check_on_prices_cannot_say(trial_of_file):
    """Raw prices may well decide; that they do is no proof of a table of known prices."""
    trial = trial_of_file("knows_the_prices")
    trial.forecaster.scaler = "none"
    verdict, text = verdict_and_text("prices", trial)
    assert verdict is Status.CANNOT_SAY
    assert "not scaled" in text


def test_what_is_learned_from_dates_is_no_table(trial_of_file):
    """A trend over the dates of the training moves along with them, but for rounding."""
    verdict, text = verdict_and_text("dates", trial_of_file("learns_dates"))
    assert verdict is Status.PASSED, text


def test_of_what_learns_from_dates_the_check_on_dates_cannot_say(trial_of_file):
    verdict, text = verdict_and_text("dates", trial_of_file("learns_years"))
    assert verdict is Status.CANNOT_SAY
    assert "learns from the dates of its training" in text
