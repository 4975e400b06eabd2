"""A process of its own: the same numbers, what was opened, and the last line where it fails."""

import pytest

from backtests.auditing.checks.apart import bits
from backtests.auditing.probes.fresh import run_fresh


def test_a_fit_gives_the_same_bits_in_a_new_process_and_opens_nothing(trial_of_file):
    trial = trial_of_file("mean")
    fit = trial.fits(trial.bars)[0]
    fresh = run_fresh((fit,), trial.files)
    assert [bits(fitted) for fitted in fresh.fitted] == [bits(fit.run())]
    assert fresh.opened == ()


def test_what_fails_there_is_raised_here_with_its_last_line(trial_of_file):
    trial = trial_of_file("mean")
    trial.forecaster.lookback = "two"
    fit = trial.fits({"051900.KS": trial.bars["051900.KS"]})[0]
    with pytest.raises(RuntimeError, match="Error: "):
        run_fresh((fit,), trial.files)
