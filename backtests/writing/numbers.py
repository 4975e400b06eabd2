"""Numbers as text, for pages, tables and sentences."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from decimal import Decimal

#: Written where a figure has no meaning. A page adds a title that says why.
DASH = "\u2013"


def percent(share: float | None, digits: int = 1, sign: bool = True) -> str:
    """Return a share as percent, ``+1,234.5%``; a dash if it is None or not finite."""
    if share is None or not math.isfinite(share):
        return DASH
    return f"{number(share * 100, digits, sign)}%"


def level(share: float, sign: bool = True) -> str:
    """Return a chosen share (a threshold) as percent, not rounded: ``+5.0%``, ``+1.25%``."""
    exact = Decimal(repr(float(share))) * 100
    digits = max(1, -int(exact.normalize().as_tuple().exponent))
    return f"{exact:{'+' if sign and exact else ''},.{digits}f}%"


def beside(share: float | None, limit: float) -> str:
    """Return a share as percent, with enough digits that it is not rounded across `limit`: ``+4.996%``."""
    if share is None or not math.isfinite(share):
        return DASH
    reached = share >= limit - 1e-9
    fitting = (n for n in range(1, 7) if (round(100 * share, n) >= 100 * limit - 1e-7) == reached)
    return percent(share, next(fitting, 7))


def p_text(p: float | None, level: float = 0.05) -> str:
    """Return a p value, never rounded to the `level` of a test: ``0.43``, ``0.043``, ``0.0498``, ``<0.001``."""
    if p is None:
        return DASH
    if f"{p:.3f}" == f"{level:.3f}":  # on which side of the level
        return f"{p:.4f}"
    return "<0.001" if p < 0.001 else f"{p:.3f}" if p < 0.0995 else f"{p:.2f}"


def probability(p: float | None) -> str:
    """Return a probability as percent that is never rounded to 0% or 100%; a dash for None."""
    if p is None:
        return percent(None)
    if p < 0.001 or p > 0.999:
        return "<0.1%" if p < 0.5 else ">99.9%"
    return percent(p, 1, sign=False)


def between(low: float | None, high: float | None, write: Callable[[float], str]) -> str:
    """Return an interval, ``-0.31 to 1.20``, each end as `write` writes it; a dash if there is none."""
    return DASH if low is None or high is None else f"{write(low)} to {write(high)}"


def points(value: float | None, digits: int = 2) -> str:
    """Return a figure that is already in percent (MAPE), ``1.80%``."""
    return DASH if value is None or not math.isfinite(value) else f"{number(value, digits)}%"


def number(value: float | None, digits: int = 2, sign: bool = False) -> str:
    """Return a number with thousands separators; zero never has a sign."""
    if value is None or not math.isfinite(value):
        return DASH
    rounded = round(value, digits) + 0.0
    return f"{rounded:{'+' if sign and rounded else ''},.{digits}f}"


def money(value: float | None, currency: str = "") -> str:
    """Return an amount; from 1,000 on without decimals: ``1,234,567 KRW``."""
    if value is None or not math.isfinite(value):
        return DASH
    digits = 0 if abs(value) >= 1000 or value == round(value) else 2
    return f"{number(value, digits)} {currency}".strip()


def of_volume(shares: Sequence[float | None]) -> str:
    """Return shares of fills above 1, 10 and 100% of the day's volume: ``96/96/95%``; a dash for none.

    A share above 0 is never rounded to none.
    """
    if not shares or any(share is None for share in shares):
        return DASH
    rounded = [
        math.ceil(100 * share) if share < 0.01 else round(100 * share)
        for share in shares
        if share is not None
    ]
    return f"{'/'.join(map(str, rounded))}%"


def count(n: int, one: str, many: str | None = None) -> str:
    """Return a count with its noun: ``1 day``, ``1,234 days``."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def listed(names: list[str]) -> str:
    """Return names as a sentence lists them: ``a, b and c``."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
