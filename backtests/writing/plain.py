"""Text from outside as a terminal may show it: no control characters, and not too long."""

from __future__ import annotations

import re

#: Letters of a message; about 20 lines of a terminal.
MESSAGE = 1600
#: Letters of a word in a message (a path may be long), and of a value that a message shows.
WORD, VALUE = 1000, 60
#: Said in place of the letters in the middle of a message or a word that is too long.
_LEFT_OUT = "... ({n:,} letters left out) ..."


def printable(text: str) -> str:
    r"""Return a text in which every character that cannot be seen is written as an escape.

    These are control characters, those that turn the direction of a line (a message could read
    otherwise than it is), invisible spaces, and halves of characters. A line feed stays; the line after
    it is indented, so that no value can look like a message of its own.

    Examples
    --------
    >>> print(printable("a\x1b[31m\u202eb"))
    a\x1b[31m\u202eb
    >>> print(printable("one\ntwo"))
    one
      two
    """
    if text.isprintable():
        return text
    shown = "".join(c if c == "\n" or c.isprintable() else _escape(c) for c in text)
    return re.sub(r"\n(?! )", "\n  ", shown)


def short(value: object, most: int = VALUE) -> str:
    """Return a value for a message, its middle left out if it is long; a text in quotes, with escapes.

    Examples
    --------
    >>> print(short("abc"), short(1.5), short("x" * 5000, 20))
    'abc' 1.5 'xxxxxxxxxx...xxxxx' (5,000 letters)
    """
    write = repr if isinstance(value, str) else str
    text = str(value)
    if len(text) <= most:
        return write(text)
    return f"{write(f'{text[: most // 2]}...{text[-(most // 4) :]}')} ({len(text):,} letters)"


def message(text: str) -> str:
    """Return a message as the terminal shows it: printable, no longer than a screen.

    Of a message that is too long the beginning (what is wrong) and the end (what to do) stay.
    """
    words = re.sub(rf"\S{{{WORD + 1},}}", lambda word: _cut(word[0], WORD), text)
    # Cut before the escapes are written: those of letters that nobody sees take time.
    return _cut(printable(_cut(words, MESSAGE)), MESSAGE)


def _cut(text: str, most: int) -> str:
    if len(text) <= most:
        return text
    said = _LEFT_OUT.format(n=len(text) - most)
    room = max(most - len(said) - 10, 20)
    first = room * 2 // 3
    return f"{text[:first]}{said}{text[len(text) - (room - first) :]}"


def _escape(character: str) -> str:
    code = ord(character)
    return (
        f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" if code < 65536 else f"\\U{code:08x}"
    )
