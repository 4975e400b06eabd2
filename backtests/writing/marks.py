"""The words that mark figures: prices that are simulated, or kept as they are against the market."""

from __future__ import annotations

SIMULATED, AS_IS = "SIMULATED", "AS IS"


def marks(simulated: bool, as_is: bool) -> str:
    """Return the words for a row, a table or a chart; empty for sound real prices.

    Parameters
    ----------
    simulated : bool
        Prices are drawn from a random generator.
    as_is : bool
        A close moves as no market allows, and the user let it stand (``--as-is``).

    Examples
    --------
    >>> marks(True, True), marks(False, True), marks(False, False)
    ('SIMULATED, AS IS', 'AS IS', '')
    """
    return ", ".join(word for word, given in ((SIMULATED, simulated), (AS_IS, as_is)) if given)


def marked(name: str, simulated: bool, as_is: bool) -> str:
    """Return a heading with its marks first: ``AS IS · 263750.KS``."""
    words = marks(simulated, as_is)
    return f"{words} · {name}" if words else name
