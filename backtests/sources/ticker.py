"""What may be a ticker: it names a file, a symbol and a folder."""

from __future__ import annotations

from backtests.writing.plain import short
from forecasters.errors import InputError

#: Letters of a ticker; the longest of an exchange have about 20.
LETTERS = 64


def check_ticker(ticker: str) -> str:
    """Return `ticker`, which becomes part of a file name, if that name cannot leave its folder."""
    if not ticker.strip() or ticker.startswith(".") or any(c in "/\\:\0" for c in ticker):
        raise InputError(
            f"{short(ticker)} is not a ticker: it names a file and a symbol, so it cannot be empty, start "
            "with a dot or contain / \\ or : (a folder goes into --data-dir)"
        )
    if len(ticker) > LETTERS:
        raise InputError(f"{short(ticker)} is not a ticker: it has at most {LETTERS} letters")
    if not ticker.isprintable():
        raise InputError(
            f"{short(ticker)} is not a ticker: it has a character that cannot be seen; type it again"
        )
    return ticker
