"""`backtests audit`: exit codes, the table, JSON, and what is said of bad flags."""

import json

import pytest

from backtests.__main__ import main as backtests
from backtests.auditing.register import FORECASTER_CHECKS
from tests.backtests.auditing.planted import LEAKS

TINY = "--train-size 60 --step 20 --quick --quiet --jobs 1".split()


def test_the_command_ends_with_0_and_a_table_for_what_is_honest(capsys):
    code = backtests(["audit", "--forecaster", str(LEAKS / "mean.py"), *TINY])
    out, err = capsys.readouterr()
    assert code == 0
    assert "nothing was found" in out and "FOUND" not in out
    for check in FORECASTER_CHECKS:
        assert sum(line.startswith(f"{check.name} ") for line in out.splitlines()) == 1
        assert check.does in out
    assert "SIMULATED" in err


def test_the_command_ends_with_1_and_names_the_leak(capsys):
    code = backtests(["audit", "--forecaster", str(LEAKS / "later_window.py"), *TINY, "--json"])
    answered = json.loads(capsys.readouterr().out)
    assert code == 1 and answered["clean"] is False
    rows = {row["check"]: row for row in answered["findings"]}
    assert rows["forecasts"]["verdict"] == "FOUND"
    assert any("20" in sentence for sentence in rows["forecasts"]["sentences"])


@pytest.mark.slow
def test_what_was_named_is_audited_and_nothing_else(capsys):
    subjects = ["--forecaster", str(LEAKS / "later_window.py"), "naive"]
    code = backtests(["audit", *subjects, "--strategy", "five_percent", *TINY, "--json"])
    out, _ = capsys.readouterr()
    answered = json.loads(out)
    assert code == 1 and answered["clean"] is False
    rows = {(row["subject"], row["check"]): row for row in answered["findings"]}
    assert rows["later_window", "forecasts"]["verdict"] == "FOUND"
    assert rows["naive", "forecasts"]["verdict"] == "passed"
    assert rows["five_percent", "orders"]["verdict"] == "passed"
    assert ("buy_and_hold", "orders") not in rows, "what was not named is not audited"
    assert rows["naive", "wrong labels"]["verdict"] == "cannot say"
    assert any("20" in sentence for sentence in rows["later_window", "forecasts"]["sentences"])


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ([], "name what to audit"),
        (["--forecaster", "rn"], "did you mean"),
        (["--forecaster", "naive", "--train-size", "5000", "--ticker", "051900.KS",
          "--source", "simulated", "--start", "2015-01-01", "--end", "2016-01-01"], "lower --train-size"),
    ],
)  # fmt: skip
def test_bad_usage_ends_with_2(capsys, flags, words):
    assert backtests(["audit", *flags]) == 2
    assert words in capsys.readouterr().err
