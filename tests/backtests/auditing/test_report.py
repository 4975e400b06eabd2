"""What an audit prints: one table a set of checks, the gravest verdict first, the same as JSON."""

import pytest

from backtests.auditing.finding import PASSED, Finding, Status, cannot_say, found
from backtests.auditing.register import FORECASTER_CHECKS, RULE_CHECKS, Examination
from backtests.auditing.report import BLOCK, is_clean, status_of, to_rows, to_text

INPUTS, FOLDS = FORECASTER_CHECKS[:2]
PURE = RULE_CHECKS[0]
REPORTED = (Finding(Status.REPORTED, "inputs volume depend on the first bar"),)


def examined(check, label):
    return Examination(check, label, None)


ANSWERS = [
    (examined(INPUTS, "gru"), found("'close' changed")),
    (examined(FOLDS, "gru"), PASSED),
    (examined(INPUTS, "naive"), PASSED),
    (examined(FOLDS, "naive"), REPORTED),
    (examined(PURE, "five_percent"), cannot_say("it never traded")),
]


@pytest.mark.parametrize(
    ("findings", "verdict"),
    [
        (PASSED, Status.PASSED),
        ((*PASSED, *REPORTED), Status.REPORTED),
        ((*REPORTED, *cannot_say("no power")), Status.CANNOT_SAY),
        ((*cannot_say("no power"), *found("a leak"), *PASSED), Status.FOUND),
    ],
)
def test_the_gravest_verdict_counts(findings, verdict):
    assert status_of(findings) is verdict


def test_only_a_finding_makes_it_unclean():
    assert not is_clean(ANSWERS)
    assert is_clean(ANSWERS[1:])


def test_the_text_has_a_table_of_forecasters_one_of_rules_and_the_sentences():
    lines = to_text(ANSWERS).splitlines()
    table = [line.split() for line in lines[:8]]
    assert table[1:4] == [
        ["check", "gru", "naive"],
        ["inputs", "FOUND", "passed"],
        ["folds", "passed", "reported"],
    ]
    assert table[5:7] == [["check", "five_percent"], ["pure", "cannot", "say"]]
    at = [lines.index(line) for line in ("FOUND", "cannot say", "reported", "what each check does")]
    assert at == sorted(at)
    assert lines[at[0] + 1] == "- gru, inputs: 'close' changed"
    assert lines[at[1] + 1] == "- five_percent, pure: it never traded"
    assert sum(INPUTS.does in line for line in lines) == 1


def test_many_forecasters_stand_in_blocks_that_fit_a_terminal():
    labels = [f"cnn:filters={n}" for n in range(BLOCK + 1)]
    text = to_text([(examined(INPUTS, label), PASSED) for label in labels])
    heads = [line for line in text.splitlines() if line.startswith("check ")]
    assert [len(head.split()) - 1 for head in heads] == [BLOCK, 1]


def test_json_has_every_answer_with_its_sentences():
    rows = to_rows(ANSWERS)
    assert [(row["subject"], row["check"], row["verdict"]) for row in rows] == [
        ("gru", "inputs", "FOUND"),
        ("gru", "folds", "passed"),
        ("naive", "inputs", "passed"),
        ("naive", "folds", "reported"),
        ("five_percent", "pure", "cannot say"),
    ]
    assert [row["sentences"] for row in rows][:2] == [["'close' changed"], []]
    assert rows[0]["does"] == INPUTS.does
