"""The tickers that a rule could buy in each session, so that it need not be asked about all."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from strategies.book import Book
from strategies.rule import Rule


class Candidates:
    """The forecast returns of several feeds side by side, one row a session.

    A rule sees one row at a time, as a copy, so that its promise for a session uses no other session.
    """

    def __init__(self, rule: Rule, books: Sequence[Book]) -> None:
        self._rule, self._books = rule, books
        known = [book.data.known_returns for book in books]
        sessions = np.unique(np.concatenate([times for times, _ in known]))
        self._rows = {time: row for row, time in enumerate(sessions.tolist())}
        self._returns = np.full((sessions.size, len(books)), np.nan)  # [T, tickers]
        for column, (times, returns) in enumerate(known):
            self._returns[np.searchsorted(sessions, times), column] = returns

    @staticmethod
    def can_tell(rule: Rule, books: Sequence[Book]) -> bool:
        """Return whether the rule allows it and every feed knows its forecasts beforehand."""
        if rule.memory or rule.ranks:
            return False
        return all(hasattr(book.data, "known_returns") for book in books)

    def at(self, time: float) -> list[Book]:
        """Return the feeds that the rule could buy at the close of this session."""
        row = self._rows.get(time)
        if row is None:
            return list(self._books)
        flags = self._rule.could_buy(self._returns[row].copy())
        return [self._books[column] for column in np.flatnonzero(flags).tolist()]
