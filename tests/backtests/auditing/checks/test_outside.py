"""An answer that comes from a date, from a price level or from other windows is found."""

import pytest

from backtests.auditing.finding import Status
from tests.backtests.auditing.planted import assert_found, verdict_and_text


@pytest.mark.parametrize(
    ("leak", "check", "words"),
    [
        ("later_window", "own window", "may be later ones"),
        ("place_in_batch", "own window", "its place among them"),
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
