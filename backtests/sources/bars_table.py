"""Bars as an Arrow table: the columns of every Parquet file of bars that this package writes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from forecasters.bars import COLUMNS, Bars, Origin


def to_table(bars: Bars) -> Any:
    """Return an Arrow table: session, open, high, low, close, volume, a row a session."""
    import pyarrow as pa

    return pa.table({"session": bars.sessions, **{name: getattr(bars, name) for name in COLUMNS}})


def from_table(table: Any, ticker: str, origin: Origin) -> Bars:
    """Return the bars of such a table.

    Raises
    ------
    KeyError
        A column is missing.
    InputError
        The rows are no bars.
    """
    return Bars(
        ticker,
        table["session"].to_numpy().astype("datetime64[D]"),
        **{name: table[name].to_numpy() for name in COLUMNS},
        origin=origin,
    )


def origin_of(entry: Mapping[str, Any]) -> Origin:
    """Return the origin of bars as JSON has it: its tuples are lists there."""
    return Origin(**{name: _frozen(value) for name, value in entry.items()})


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if isinstance(value, list) else value
