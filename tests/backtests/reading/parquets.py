"""Hostile Parquet files: bars, extra columns and snapshots."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from backtests.sources.snapshots import KEY, Snapshots
from forecasters.bars import Bars, Origin
from tests.backtests.reading.case import Case

DAYS = pd.to_datetime(["2015-01-05", "2015-01-06", "2015-01-07"])


def frame(**columns: object) -> pd.DataFrame:
    """Return three sound bars; columns given replace those of the same name."""
    prices = {name: [100.0, 101.0, 102.0] for name in ("Open", "High", "Low", "Close")}
    return pd.DataFrame({"Date": DAYS, **prices, "Volume": [9.0, 8.0, 7.0], **columns})


def stored(made: pd.DataFrame, metadata: bytes | None = None) -> Callable[[Path], None]:
    """Return what writes a frame, with other metadata of pandas if any are given."""

    def write(path: Path) -> None:
        table = pa.Table.from_pandas(made)
        if metadata is not None:
            table = table.replace_schema_metadata({b"pandas": metadata})
        pq.write_table(table, path)

    return write


def arrow(**columns: Any) -> Callable[[Path], None]:
    """Return what writes three bars with these columns of arrow."""

    def write(path: Path) -> None:
        table = pa.Table.from_pandas(frame(), preserve_index=False)
        arrays = {name: table[name] for name in table.column_names} | columns
        pq.write_table(pa.table(arrays), path)

    return write


def _bars() -> list[Case]:
    plain, indexed = frame(), frame().set_index("Date")
    tickers = pd.MultiIndex.from_product([["X"], DAYS], names=["ticker", "Date"])
    wide = pd.MultiIndex.from_product([indexed.columns, ["X"]])
    meta = {
        "no object": b"[]",
        "no JSON": b"{bad",
        "deep": b"[" * 100_000,
        "no text": b"\xff\xfe",
        "null": b"null",
        "numbers": b'{"index_columns": [1, 2]}',
        "an index that is not there": b'{"index_columns": ["Zeit"], "columns": []}',
        "lists": b'{"index_columns": [["a"]], "columns": 5}',
        "an index of a range": json.dumps(
            {
                "index_columns": [{"kind": "range", "start": 0, "stop": 10**30, "step": 0}],
                "columns": [],
            }
        ).encode(),
        "a type that is not there": json.dumps(
            {
                "index_columns": ["Date"],
                "columns": [
                    {
                        "name": "Date",
                        "field_name": "Date",
                        "pandas_type": "datetimetz",
                        "numpy_type": "evil",
                        "metadata": {"timezone": "Nowhere/Land"},
                    }
                ],
                "column_indexes": [],
            }
        ).encode(),
    }
    cases = [
        Case("parquet", f"metadata: {name}", stored(plain, text), None)
        for name, text in meta.items()
    ]
    two = b'{"index_columns": ["Date", "Open"]}'
    many = pa.array(["x" * 2_000] * 3)
    cases += [
        Case("parquet", "two levels in the metadata", stored(plain, two), "index of 2 levels"),
        Case("parquet", "an index of two levels", stored(indexed.set_axis(tickers)), "reset_index"),
        Case(
            "parquet",
            "names of two levels",
            stored(indexed.set_axis(wide, axis=1)),
            "get_level_values",
        ),
        Case("parquet", "an index without a name", stored(indexed.rename_axis(None)), None),
        Case(
            "parquet",
            "NaT in a column",
            stored(frame(Date=[DAYS[0], pd.NaT, DAYS[2]])),
            "line 2: the row has no date",
        ),
        Case(
            "parquet",
            "NaT in the index",
            stored(frame(Date=[DAYS[0], pd.NaT, DAYS[2]]).set_index("Date")),
            "line 2: the row has no date",
        ),
        Case(
            "parquet",
            "None among days",
            arrow(Date=pa.array([16440, None, 16442], pa.date32())),
            "line 2",
        ),
        Case(
            "parquet", "a day twice", stored(frame(Date=DAYS[[0, 1, 1]])), "2015-01-06 comes twice"
        ),
        Case(
            "parquet",
            "a day twice, one without a price",
            stored(frame(Date=DAYS[[0, 1, 1]], High=[100, np.nan, 102])),
            "2015-01-06 comes twice",
        ),
        Case(
            "parquet",
            "two moments of a day",
            stored(frame(Date=[DAYS[0], DAYS[1], DAYS[1] + pd.Timedelta(hours=3)])),
            "comes twice",
        ),
        Case("parquet", "a zone", stored(frame(Date=DAYS.tz_localize("Asia/Seoul"))), None),
        Case(
            "parquet",
            "a zone that is not there",
            arrow(Date=pa.array([0, 1, 2], pa.timestamp("s", "Nowhere/Land"))),
            "cannot be used",
        ),
        Case(
            "parquet",
            "the year 300000",
            arrow(Date=pa.array([0, 1, 9 * 10**12], pa.timestamp("s"))),
            "year 287170|year 28",
        ),
        Case(
            "parquet",
            "the year 1398",
            arrow(Date=pa.array([-18 * 10**9, 1, 2], pa.timestamp("s"))),
            "year 1399",
        ),
        Case(
            "parquet",
            "days as words",
            arrow(Date=pa.array(["a", "b", "\u202e"])),
            "line 1: 'a' is not a date",
        ),
        Case(
            "parquet", "days as numbers", arrow(Date=pa.array([20150105, 20150106, 20150107])), None
        ),
        Case("parquet", "days as bytes", arrow(Date=pa.array([b"\xff", b"a", b"b"])), "not a date"),
        Case(
            "parquet",
            "a list in a column",
            arrow(Open=pa.array([[1.0]] * 3)),
            "column 'Open' holds list<",
        ),
        Case(
            "parquet",
            "a structure",
            arrow(Open=pa.array([{"a": 1}] * 3)),
            "column 'Open' holds struct<",
        ),
        Case(
            "parquet",
            "bytes of one length",
            arrow(Open=pa.array([b"ab"] * 3, pa.binary(2))),
            "holds fixed_size_binary",
        ),
        Case(
            "parquet",
            "decimals of arrow",
            arrow(Open=pa.array([100, 101, 102]).cast(pa.decimal128(30, 2))),
            None,
        ),
        Case("parquet", "a long text", arrow(More=many), "a cell of 2,000 bytes"),
        Case(
            "parquet", "texts with commas", arrow(Close=pa.array(["100,0", "101,0", "102,0"])), None
        ),
        Case(
            "parquet", "commas that mean both", arrow(Close=pa.array(["100,000"] * 3)), "can mean"
        ),
        Case("parquet", "moments for prices", stored(frame(Close=DAYS)), "is not a number"),
        Case(
            "parquet", "truth for prices", stored(frame(Close=[True, False, True])), "line 2|2015"
        ),
        Case(
            "parquet",
            "infinite volume",
            stored(frame(Volume=[9, np.inf, 7])),
            "not a finite number",
        ),
        Case("parquet", "negative volume", stored(frame(Volume=[9, -1, 7])), "negative volume"),
        Case("parquet", "integers with gaps", arrow(Volume=pa.array([1, None, 3])), None),
        Case(
            "parquet",
            "categories",
            arrow(Close=pa.array(["100", "101", "102"]).dictionary_encode()),
            None,
        ),
        Case(
            "parquet",
            "no column",
            lambda path: pq.write_table(pa.table({}), path),
            "no rows|no column",
        ),
        Case("parquet", "no row", stored(plain.iloc[:0]), "no rows"),
        Case(
            "parquet",
            "1,200 columns",
            lambda path: pq.write_table(pa.table({f"c{i}": [1] for i in range(1_200)}), path),
            "1,200 columns",
        ),
        Case(
            "parquet",
            "3 million rows",
            lambda path: pq.write_table(pa.table({"Date": np.zeros(3_000_000, np.int8)}), path),
            "3,000,000 rows",
        ),
        Case(
            "parquet",
            "a name twice",
            lambda path: pq.write_table(
                pa.Table.from_arrays([pa.array([1])] * 2, names=["Date", "Date"]), path
            ),
            "two columns for date",
        ),
        Case(
            "parquet",
            "a name of 50,000 letters",
            arrow(**{"x" * 50_000: pa.array([1, 2, 3])}),
            None,
        ),
        Case(
            "parquet",
            "no bar, and bidi in a name",
            lambda path: pq.write_table(pa.table({"\u202e": [1]}), path),
            "no column",
        ),
        Case("parquet", "empty", b"", "cannot be read as parquet"),
        Case("parquet", "eight letters", b"PAR1PAR1", "cannot be read as parquet"),
        Case("parquet", "a text", b"Date,Open\n", "cannot be read as parquet"),
        Case(
            "parquet",
            "an old format",
            b"PAR1" + b"\xff" * 200 + b"\x10\x00\x00\x00PAR1",
            "cannot be read as parquet",
        ),
    ]
    return cases


def _damaged() -> list[Case]:
    """Return sound files with a part cut off or changed: whatever comes, it is no crash."""

    def cut(share: float) -> Callable[[Path], None]:
        def write(path: Path) -> None:
            stored(frame())(path)
            raw = path.read_bytes()
            path.write_bytes(raw[: int(len(raw) * share)])

        return write

    shares = (0.1, 0.5, 0.9, 0.99)
    return [
        Case("parquet", f"cut off at {share:.0%}", cut(share), "as parquet") for share in shares
    ]


def _extra() -> list[Case]:
    sound = pd.DataFrame({"date": DAYS, "known_at": DAYS, "mood": [1.0, 2.0, 3.0]})
    tickers = pd.MultiIndex.from_product([["X"], DAYS], names=["ticker", "date"])
    two = sound.drop(columns="date").set_axis(tickers)
    kind = "extra-parquet"
    return [
        Case(kind, "sound", stored(sound), None),
        Case(kind, "hostile metadata", stored(sound, b'{"index_columns": 7}'), None),
        Case(kind, "two levels", stored(two), "index of 2 levels"),
        Case(kind, "infinity", stored(sound.assign(mood=[1, np.inf, 2])), "mood is inf"),
        Case(
            kind,
            "NaT",
            stored(sound.assign(known_at=[DAYS[0], pd.NaT, DAYS[2]])),
            "line 2: known_at is empty",
        ),
        Case(
            kind,
            "a time of day",
            stored(sound.assign(known_at=DAYS + pd.Timedelta(hours=9))),
            "time of day",
        ),
        Case(
            kind,
            "texts",
            stored(sound.assign(mood=["a", "b", "\u202ec"])),
            "line 1: mood 'a' is not a number",
        ),
        Case(kind, "a list", stored(sound.assign(mood=[[1]] * 3)), "holds list<"),
        Case(kind, "empty", b"", "cannot be read as parquet"),
    ]


def snapshot(**changes: Any) -> Callable[[Path], None]:
    """Return what writes a snapshot whose header has other values; None leaves one out."""

    def write(path: Path) -> None:
        prices = np.array([100.0, 101.0, 102.0])
        bars = Bars(
            "X",
            DAYS.to_numpy().astype("datetime64[D]"),
            prices,
            prices,
            prices,
            prices,
            prices,
            Origin("yahoo"),
        )
        snapshots = Snapshots(path.parents[2])
        snapshots.store(bars, "splits", "2015-01-05", "2015-01-08")
        table = pq.read_table(path)
        about = json.loads(table.schema.metadata[KEY]) | changes
        about = {name: value for name, value in about.items() if value is not None}
        table = table.replace_schema_metadata({KEY: json.dumps(about).encode()})
        pq.write_table(table, path)

    return write


def snapshots() -> list[Case]:
    """Return snapshots that must be reported as damaged, and never raise."""
    origin = {"source": "yahoo", "vendor": "yahoo"}
    changes: dict[str, dict[str, Any]] = {
        "another sha256": {"sha256": "0" * 64},
        "sha256 a number": {"sha256": 5},
        "no sha256": {"sha256": None},
        "another ticker": {"ticker": "Y"},
        "a way out": {"fetched": "../../../evil"},
        "no time": {"fetched": "\u202e"},
        "start a number": {"start": 5},
        "no date": {"end": "NaT"},
        "origin a list": {"origin": []},
        "origin a text": {"origin": "x"},
        "another field": {"origin": origin | {"evil": 1}},
        "simulated a text": {"origin": origin | {"simulated": "no"}},
        "dropped a text": {"origin": origin | {"dropped": "1"}},
    }
    cases = [
        Case("snapshot", name, snapshot(**change), "damaged") for name, change in changes.items()
    ]
    return [
        *cases,
        Case("snapshot", "no header", stored(frame()), "damaged"),
        Case("snapshot", "empty", b"", "damaged"),
        Case("snapshot", "a text", b"no Parquet \x1b[31m", "damaged"),
    ]


def cases() -> list[Case]:
    """Return all but the snapshots."""
    return [*_bars(), *_damaged(), *_extra()]
