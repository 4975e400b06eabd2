"""Messages: what cannot be seen is an escape, and none is longer than a screen."""

import unicodedata

import pytest

from backtests.writing.plain import MESSAGE, VALUE, WORD, message, printable, short


def test_every_character_that_cannot_be_seen_is_an_escape() -> None:
    hidden = [
        chr(n)
        for n in (*range(0x3000), 0xD800, 0xDC80, 0xFEFF, 0xE0001)
        if unicodedata.category(chr(n)) in ("Cc", "Cf", "Cs")
    ]
    hidden.remove("\n")
    shown = printable("".join(hidden))
    assert shown.isprintable() and "\u202e" not in shown
    assert shown.startswith(r"\x00\x01") and r"\u202e" in shown and r"\udc80" in shown


@pytest.mark.parametrize("text", ["plain", "005930.KS 삼성전자", "café, C:\\bars", ""])
def test_what_can_be_seen_stays(text: str) -> None:
    assert message(text) == text


def test_a_line_feed_stays_and_cannot_begin_a_line_of_its_own() -> None:
    assert message("wrong\n  x = 1\nbacktests: done") == "wrong\n  x = 1\n  backtests: done"


def test_a_long_message_keeps_what_is_wrong_and_what_to_do() -> None:
    text = f"line 3 is wrong: {'so ' * 9_000}; write 2015-01-31"
    shown = message(text)
    assert len(shown) <= MESSAGE
    assert shown.startswith("line 3 is wrong") and shown.endswith("write 2015-01-31")
    assert "letters left out" in shown


def test_a_long_word_is_cut_and_a_path_is_not() -> None:
    path = "/bars" * 190
    assert message(f"{path}: no file") == f"{path}: no file"
    shown = message(f"{'x' * 5_000}: no file")
    assert len(shown) < WORD + 20 and shown.endswith(": no file")


def test_a_message_of_escapes_alone_is_no_longer_than_a_screen() -> None:
    assert len(message("\U000e0001" * 100_000)) <= MESSAGE


def test_a_value_is_quoted_and_shortened() -> None:
    assert short("a\x1b") == r"'a\x1b'"
    assert short("x" * VALUE) == repr("x" * VALUE)
    assert short("x" * 70_000).endswith("' (70,000 letters)")
    assert len(short("\U000e0001" * 70_000)) < 12 * VALUE
