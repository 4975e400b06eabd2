"""Bars as an Arrow table: the columns of every Parquet file of bars that this package writes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
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
    """Return the origin of bars as JSON has it: its tuples are lists there.

    Raises
    ------
    TypeError, ValueError
        A name is unknown, or a value is of another type.
    """
    types = {field.name: type(field.default) for field in fields(Origin)}
    values = {name: _frozen(value) for name, value in entry.items()}
    for name, value in values.items():
        if name in types and type(value) is not types[name]:
            raise ValueError(f"{name} of the origin has a value of the wrong type")
    return Origin(**values)


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if isinstance(value, list) else value
