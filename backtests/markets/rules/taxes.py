"""The transaction tax that a seller pays, by trade date."""

from __future__ import annotations

from typing import NamedTuple


class TaxRate(NamedTuple):
    """From this trade date on, the seller pays this share of the proceeds."""

    since: str
    share: float
    source: str
    segment: str = ""
    instrument: str = "stock"
