"""Exit codes are a contract: scripts of users depend on them."""

import warnings

import pytest

from backtests.__main__ import main as backtests
from backtests.command.guard import guarded
from backtests.command.resumable import resumable
from backtests.sources.source import SourceBusy, SourceUnreachable
from forecasters.errors import DataWarning, Error, InputError


@pytest.mark.parametrize(
    ("error", "code", "traceback"),
    [
        (InputError("give a date"), 2, False),
        (SourceUnreachable("no network"), 69, False),
        (SourceBusy("later"), 75, False),
        (KeyboardInterrupt(), 130, False),
        (Error("workers died"), 70, False),
        (ZeroDivisionError("ours"), 70, True),
    ],
)
def test_each_end_has_its_code_and_only_our_fault_a_traceback(capsys, error, code, traceback):
    def body(_):
        raise error

    assert guarded(body, []) == code
    err = capsys.readouterr().err
    assert ("Traceback" in err) is traceback
    assert "backtests: " in err


def test_commands_are_named_and_a_wrong_one_is_bad_usage(capsys):
    assert backtests(["--help"]) == 0
    assert "run" in capsys.readouterr().out
    assert backtests(["rnu"]) == 2
    assert "no command 'rnu'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("what", "names"),
    [
        ("forecasters", ["stacked_lstm", "naive", "LSTM(50)"]),
        ("strategies", ["five_percent", "buy_and_hold", "threshold"]),
        ("sources", ["yahoo", "csv", "simulated", "auto"]),
        ("markets", ["krx", "us", "none", "KRW"]),
        ("engines", ["torch", "native"]),
    ],
)
def test_list_says_what_can_be_named(capsys, what, names):
    assert backtests(["list", what]) == 0
    out = capsys.readouterr().out
    assert all(name in out for name in names)
    assert all(len(line.split(maxsplit=1)) == 2 for line in out.splitlines()), "one line each"


def test_the_list_of_markets_tells_the_tax_that_stocks_pay_now(capsys):
    from backtests.markets.market import known

    assert backtests(["list", "markets"]) == 0
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
    assert "0.20% since 2025-12-29 (stocks)" in lines["krx"], "not the funds', which pay none"
    assert "tax on sales none" in lines["us"]
    assert set(lines) == set(known())


def test_a_message_shows_text_from_outside_with_escapes_and_no_longer_than_a_screen(capsys):
    def body(_):
        warnings.warn(f"\u202elate {'x ' * 9_000}\x1b[2J", DataWarning, stacklevel=1)
        raise InputError(f"line 3: \u202eevil\x1b[31m {'so ' * 9_000}; write 2015-01-31")

    assert guarded(lambda a: resumable(lambda: body(a), "run", []), []) == 2
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 2 and all(line.isprintable() and len(line) < 1700 for line in said)
    assert said[0].startswith(r"backtests: WARNING: \u202elate")
    assert said[1].startswith(r"backtests: line 3: \u202eevil\x1b[31m")
    assert said[1].endswith("; write 2015-01-31")


@pytest.mark.parametrize("command", ["run", "grid", "audit", "list"])
def test_what_was_typed_is_shown_with_escapes(capsys, command):
    with pytest.raises(SystemExit, match="2"):
        backtests(
            [command, *(["engines"] if command == "list" else []), "--\u202eevil", "x" * 9_000]
        )
    said = capsys.readouterr().err
    assert "\u202e" not in said and r"\u202eevil" in said and len(said) < 3_000


def test_a_command_that_there_is_not_is_shown_with_escapes(capsys):
    assert backtests(["\u202e" + "x" * 9_000]) == 2
    said = capsys.readouterr().err
    assert said.startswith(r"backtests: no command '\u202exxx") and len(said) < 3_000
