"""A fit that keeps something, draws globally or opens a file is found."""

import pytest

from tests.backtests.auditing.planted import assert_found


@pytest.mark.parametrize(
    ("leak", "words"),
    [
        ("remembered_labels", "kept between fits"),
        ("neighbours_closes", "kept between fits"),
        ("counts_fits", "kept between fits"),
        ("first_for_ever", "alone in a new process"),
        ("global_random", "global random numbers of numpy"),
    ],
)
def test_a_fit_that_is_not_alone_is_found(trial_of_file, leak, words):
    assert_found("fits apart", trial_of_file(leak), words)


@pytest.mark.parametrize("leak", ["reads_a_file", "read_at_import"])
def test_a_file_that_is_read_is_found_and_named(trial_of_file, leak):
    assert_found("no files", trial_of_file(leak), "prices.csv")


def test_a_forecaster_that_cannot_be_sent_to_another_process_is_found(trial_of_file):
    trial = trial_of_file("mean")
    trial.forecaster.predict = lambda windows: windows.last_close  # a lambda does not pickle
    assert_found("no files", trial, "does not run in a process of its own")


@pytest.mark.parametrize("check", ["fits apart", "no files"])
def test_a_setting_that_cannot_be_pickled_is_found_and_said(trial_of_file, check):
    trial = trial_of_file("mean")
    trial.forecaster.scale = lambda x: x
    assert_found(check, trial, "does not run in a process of its own")
    assert_found(check, trial, "settings and module must pickle")
