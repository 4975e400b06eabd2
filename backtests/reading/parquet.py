"""A Parquet file as a frame: its columns as they are stored, whatever its metadata say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd

from backtests.reading.files import LESS, TABLE, read_bytes
from backtests.writing.plain import short
from forecasters.errors import InputError

#: Rows, columns and cells of a Parquet file, its row groups, and its bytes once they are unpacked.
ROWS, COLUMNS, CELLS, GROUPS, UNPACKED = 2_000_000, 1_000, 50_000_000, 10_000, 1_000_000_000
#: What libraries raise for bytes and values that are not what they should be; those of pyarrow are kinds of
#: these. A mistake in our own code (a missing name or attribute) is not among them.
FAULTS = (ValueError, TypeError, ArithmeticError, LookupError, RuntimeError)
#: Bytes of the text of one cell: a small file can hold one long text a million times.
CELL = 1_000


def read_parquet(path: Path, name: str, absent: str = "", times: int = 1) -> pd.DataFrame:
    """Return the columns of a Parquet file, and its index where pandas wrote one.

    The file's columns are read without the metadata of pandas, which anybody can have written. Only the
    name of the index is taken from there, if it is one of the columns.

    Parameters
    ----------
    path : Path
    name : str
        The file in messages.
    absent : str
        What to do where there is no such file.
    times : int
        By how much more is read than of a table that a user wrote: a run writes larger ones.

    Raises
    ------
    InputError
        The file cannot be read, is too large, or its index has several levels.
    """
    table = read_table(path, name, absent, times)
    try:
        frame = pd.DataFrame({i: column.to_pandas() for i, column in enumerate(table.columns)})
    except FAULTS as error:  # what pyarrow and pandas raise for values that they cannot hold
        raise InputError(f"{name} has values that cannot be used: {_first_line(error)}") from None
    names = table.column_names
    index = _index(table.schema.metadata, names)
    if len(index) > 1:
        raise InputError(
            f"{name} has an index of {len(index)} levels ({', '.join(map(short, index))}): keep the rows of "
            "one ticker and write the date as the only index or as a column, frame.reset_index()"
        )
    if len(names) and all(n.startswith("(") and n.endswith(")") for n in names if n not in index):
        raise InputError(
            f"{name} has names of columns with several levels, the first is {short(names[0])}: keep one, "
            "frame.columns = frame.columns.get_level_values(0)"
        )
    frame.columns = pd.Index(names)
    return frame.set_index(index[0]) if index else frame


def read_table(path: Path, name: str, absent: str = "", times: int = 1) -> Any:
    """Return a Parquet file as a table of pyarrow without nested columns or extension types.

    Raises
    ------
    InputError
        The file cannot be read or is too large.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    raw = read_bytes(path, name, times * TABLE, absent, LESS)
    try:
        with pq.ParquetFile(pa.BufferReader(raw)) as file:
            _check_size(file.metadata, name, times)
            texts = _check_types(file.schema_arrow, name)
        # A text is read as a number of the list of different texts: so a small file stays small.
        with pq.ParquetFile(pa.BufferReader(raw), read_dictionary=texts) as file:
            table = file.read(use_threads=False)
        table.validate(full=True)
        plain = [
            _plain(table.column(i), table.column_names[i], name) for i in range(len(table.columns))
        ]
        metadata = table.schema.metadata
        return pa.Table.from_arrays(plain, names=table.column_names).replace_schema_metadata(
            metadata
        )
    except InputError:
        raise
    except (*FAULTS, OSError) as error:  # pyarrow's errors are kinds of these
        raise InputError(f"{name} cannot be read as parquet: {_first_line(error)}") from None


def _check_size(about: Any, name: str, times: int) -> None:
    """Refuse a file whose rows, columns or values are too many; nothing is unpacked for it."""
    groups = about.num_row_groups
    sizes = [
        (about.num_rows, times * ROWS, "rows"),
        (about.num_columns, COLUMNS, "columns"),
        (groups, GROUPS, "row groups"),
        (groups * about.num_columns, CELLS // 50, "pieces of columns"),
    ]
    for size, most, what in sizes:
        if size > most:
            raise InputError(f"{name} has {size:,} {what}, and at most {most:,} are read")
    pieces = [about.row_group(i).column(j) for i in range(groups) for j in range(about.num_columns)]
    for size, most, what in (
        (sum(piece.num_values for piece in pieces), times * CELLS, "values"),
        (
            sum(piece.total_uncompressed_size for piece in pieces),
            times * UNPACKED,
            "bytes once it is unpacked",
        ),
    ):
        if size > most:
            raise InputError(f"{name} has {size:,} {what}, and at most {most:,} are read")


def _check_types(schema: Any, name: str) -> list[str]:
    """Refuse a column that is no number, day or text; return the columns of texts."""
    import pyarrow.types as types

    texts = []
    for field in schema:
        kind = getattr(field.type, "storage_type", field.type)
        kind = kind.value_type if types.is_dictionary(kind) else kind
        if types.is_nested(kind) or types.is_fixed_size_binary(kind):
            raise InputError(
                f"{name}: column {short(field.name)} holds {short(kind, 40)}, not numbers, days or texts: "
                "remove the column"
            )
        if any(test(kind) for test in _texts()):
            texts.append(field.name)
    return texts


def _texts() -> tuple[Any, ...]:
    import pyarrow.types as types

    return types.is_string, types.is_large_string, types.is_binary, types.is_large_binary


def _plain(column: Any, column_name: str, name: str) -> Any:
    """Return a column without a dictionary or an extension type; refuse a long text."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if isinstance(column.type, pa.BaseExtensionType):
        storage = column.type.storage_type
        column = pa.chunked_array([chunk.storage for chunk in column.chunks], storage)
    if not pa.types.is_dictionary(column.type):
        return column
    words = column.type.value_type
    if any(test(words) for test in _texts()):
        for chunk in column.chunks:
            longest = pc.max(pc.binary_length(chunk.dictionary)).as_py() or 0
            if longest > CELL:
                raise InputError(
                    f"{name}: column {short(column_name)} has a cell of {longest:,} bytes, and at most "
                    f"{CELL:,} are read: remove the column"
                )
    return column.cast(words)


def _index(metadata: dict[bytes, bytes] | None, names: list[str]) -> list[str]:
    """Return the columns that pandas stored as the index; none where the metadata make no sense."""
    try:
        about = json.loads((metadata or {})[b"pandas"])
        index = about["index_columns"]
    except (KeyError, TypeError, ValueError, RecursionError):
        index = []
    if not isinstance(index, list):
        index = []
    stored = [column for column in index if isinstance(column, str) and names.count(column) == 1]
    if not stored:  # without metadata: the name that pandas gives an index without a name
        stored = [column for column in names if column.startswith("__index_level_")]
    return list(dict.fromkeys(stored))


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:200]
