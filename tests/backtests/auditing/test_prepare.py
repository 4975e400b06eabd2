"""What the audit works on: its bars, its plan, and forecasters with few epochs."""

import pytest

from backtests.audit import make_parser
from backtests.auditing.config import FOLDS, STEP
from backtests.auditing.prepare import SIMULATED, prepare
from forecasters.errors import InputError


def prepared(text):
    return prepare(make_parser().parse_args(text.split()))


def test_epochs_are_lowered_and_a_sentence_says_so():
    asked = "--forecaster rnn cnn:epochs=7 naive --quick"
    examinations, _, sentences = prepared(asked)
    epochs = {e.label: getattr(e.subject.forecaster, "epochs", None) for e in examinations}
    assert epochs == {"rnn": 1, "cnn:epochs=7": 7, "naive": None}
    assert any(line.startswith("rnn: 1 epoch to look") for line in sentences)
    examinations, _, sentences = prepared(f"{asked} --epochs 9")
    epochs = {e.label: getattr(e.subject.forecaster, "epochs", None) for e in examinations}
    assert epochs == {"rnn": 9, "cnn:epochs=7": 7, "naive": None}
    assert not any("to look for leaks" in line for line in sentences)


def test_bars_are_simulated_with_a_halt_and_last_for_the_folds_alone():
    examinations, _, sentences = prepared("--forecaster naive")
    trial = examinations[0].subject
    assert set(trial.bars) == set(SIMULATED["ticker"])
    for bars in trial.bars.values():
        assert len(bars) == trial.walk_forward.first_test + FOLDS * STEP
        assert (~bars.tradable).sum() >= 1
    assert len(trial.walk_forward.split(trial.bars[SIMULATED["ticker"][0]].sessions)) == FOLDS
    assert sentences[0].count("SIMULATED") == 2


def test_a_long_lookback_trains_on_more_sessions():
    examinations, _, _ = prepared("--forecaster rnn:lookback=90")
    assert examinations[0].subject.walk_forward.train_size == 270


def test_only_what_was_named_is_examined():
    examinations, _, _ = prepared("--forecaster rnn --strategy five_percent")
    assert {e.label for e in examinations} == {"rnn", "five_percent"}


def test_nothing_to_audit_is_refused():
    with pytest.raises(InputError, match="name what to audit"):
        prepared("")
