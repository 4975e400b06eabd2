"""Drawn files: whatever they hold, they are read or refused in a short sentence, and in time."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from tests.backtests.reading.case import FILES, outcome
from tests.backtests.reading.tables import EXTRA, EXTRA_ROWS, HEAD, PLAIN

#: Times as many examples of the slow tests: a number here makes a longer search.
MORE = float(os.environ.get("FUZZ_MORE", "1"))


def read_or_refused(kind: str, content: bytes) -> bool:
    """Write the bytes, read them as the commands do; True where there is a value, or else a refusal.

    `outcome` checks the words of a refusal, and fails at any other exception, a warning, or a long wait.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / FILES[kind]
        path.write_bytes(content)
        value, refusal = outcome(kind, path)
        return (value is None) is bool(refusal)


FEW = settings(max_examples=12)


def some(count: int) -> settings:
    """Return settings of a slow search: the same examples each time, unless FUZZ_MORE asks for others."""
    return settings(max_examples=int(count * MORE), deadline=None, derandomize=MORE == 1)


#: Texts of few letters, most of them hostile.
LETTERS = "a0 1.,;-'\"\n\r\t\0\x1b\x85\u202e\u200b\ufeff\u0660가é=+@#[]{}()/\\"


def texts(max_size: int) -> st.SearchStrategy[str]:
    """Return texts of at most so many letters."""
    return st.text(LETTERS, max_size=max_size)


#: Pieces of which tables are made: hostile numbers, dates, names, separators.
NUMBERS = st.one_of(
    st.floats().map(repr),
    st.floats(1, 1e6).map(lambda x: f"{x:,.2f}"),
    st.integers(1, 10**7).map(lambda n: f"{n:,}"),
    st.floats(1, 1e6).map(lambda x: f"{x:.2f}".replace(".", ",")),
    st.sampled_from(
        ["", "-", "nan", "null", "inf", "1e999", "1_0", "1,", ",1", "1.2.3", "0", "-0"]
    ),
    texts(max_size=8),
)
DATES = st.one_of(
    st.dates().map(str),
    st.dates().map(lambda d: d.strftime("%Y%m%d")),
    st.dates().map(lambda d: f"{d.year}. {d.month}. {d.day}"),
    st.datetimes().map(str),
    st.sampled_from(["2015-01-05", "2015-01-06", "2015-02-30", "0000-00-00", "NaT", ""]),
    texts(max_size=12),
)
NAMES = st.one_of(
    st.sampled_from(HEAD.strip().split(";")),
    st.sampled_from(["Adj Close", "yesterday", "<TICKER>", "<DTYYYYMMDD>", "Price", "known_at"]),
    st.sampled_from(["date", "ticker", "mood"]),
    texts(max_size=8),
)


@st.composite
def tables(draw: st.DrawFn, header: str = HEAD) -> bytes:
    """Return a table with some columns of its own, rows that mostly fit it, and some encoding."""
    separator = draw(st.sampled_from(",;\t"))
    names = draw(st.one_of(st.just(header.strip().split(";")), st.lists(NAMES, max_size=9)))
    rows = draw(
        st.lists(
            st.tuples(
                DATES, st.lists(NUMBERS, min_size=max(len(names) - 1, 0), max_size=len(names))
            ),
            max_size=6,
        )
    )
    quote = draw(st.sampled_from(['"', ""]))
    lines = [names, *([day, *cells] for day, cells in rows)]
    end = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    text = end.join(separator.join(f"{quote}{cell}{quote}" for cell in line) for line in lines)
    encoding = draw(st.sampled_from(["utf-8", "utf-8-sig", "cp949", "utf-16", "latin-1"]))
    return text.encode(encoding, errors="replace")


@st.composite
def changed(draw: st.DrawFn, sound: bytes) -> bytes:
    """Return sound bytes with some parts replaced, doubled or cut."""
    raw = sound
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(raw)))
        length = draw(st.integers(0, 12))
        piece = draw(st.one_of(st.binary(max_size=12), st.just(raw[:at])))
        raw = raw[:at] + piece + raw[at + length :]
    return raw[: draw(st.integers(0, len(raw)))] if draw(st.booleans()) else raw


CSV = st.one_of(tables(), changed(PLAIN.encode()), st.binary(max_size=300))
EXTRAS = st.one_of(tables(EXTRA), changed((EXTRA + EXTRA_ROWS).encode()))

#: Columns of arrow: three values each, of many types.
COLUMNS = st.one_of(
    st.lists(st.one_of(st.floats(), st.none()), min_size=3, max_size=3).map(
        lambda v: pa.array(v, pa.float64())
    ),
    st.lists(st.integers(-(2**63), 2**63 - 1), min_size=3, max_size=3).map(pa.array),
    st.lists(st.one_of(NUMBERS, DATES), min_size=3, max_size=3).map(
        lambda v: pa.array([t.encode(errors="replace").decode() for t in v])
    ),
    st.lists(st.binary(max_size=9), min_size=3, max_size=3).map(pa.array),
    st.lists(st.booleans(), min_size=3, max_size=3).map(pa.array),
    st.lists(st.one_of(st.dates(), st.none()), min_size=3, max_size=3).map(
        lambda v: pa.array(v, pa.date32())
    ),
    st.tuples(
        st.lists(st.one_of(st.integers(-(2**63), 2**63 - 1), st.none()), min_size=3, max_size=3),
        st.sampled_from(["s", "ms", "us", "ns"]),
        st.sampled_from([None, "UTC", "Asia/Seoul", "+09:00", "Nowhere"]),
    ).map(lambda v: pa.array(v[0], pa.timestamp(v[1], v[2]))),
    st.just(pa.array([[1.0]] * 3)),
    st.just(pa.array([None] * 3)),
    st.just(pa.array(["a", "b", "a"]).dictionary_encode()),
    st.just(pa.array([20150105, 20150106, 20150107])),
    st.just(pa.array(np.array(["2015-01-05", "2015-01-06", "2015-01-07"], "datetime64[ns]"))),
    st.just(pa.array([100.0, 101.0, 102.0])),
)
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.floats(), texts(max_size=5), NAMES),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["index_columns", "columns", "column_indexes", "name", "kind"]), inner
        ),
    ),
    max_leaves=12,
)


@st.composite
def parquets(draw: st.DrawFn) -> bytes:
    """Return a Parquet file of drawn columns and metadata, or a sound one that was changed."""
    names = HEAD.strip().split(";")
    sound = {name: pa.array([100.0, 101.0, 102.0]) for name in names[1:]}
    sound["Date"] = pa.array(pd.to_datetime(["2015-01-05", "2015-01-06", "2015-01-07"]))
    drawn = draw(st.dictionaries(NAMES, COLUMNS, max_size=4))
    columns = (sound if draw(st.booleans()) else {}) | drawn
    columns = {name.encode(errors="replace").decode(): column for name, column in columns.items()}
    table = pa.table(columns)
    about = draw(st.one_of(JSON.map(lambda v: json.dumps(v).encode()), st.binary(max_size=20)))
    table = table.replace_schema_metadata({b"pandas": about})
    sink = pa.BufferOutputStream()
    compression = draw(st.sampled_from(["none", "snappy"]))
    try:
        pq.write_table(table, sink, compression=compression)
    except pa.ArrowInvalid:  # a second that is no millisecond of 64 bits: there is no such file
        reject()
    raw = sink.getvalue().to_pybytes()
    return draw(changed(raw)) if draw(st.booleans()) else raw


LINE = st.lists(
    st.one_of(
        st.sampled_from(["X", "005930.KS", "#", "x50", "x1/7", "before", "prices", "2018-05-04"]),
        st.floats().map(lambda x: f"x{x}"),
        st.fractions().map(lambda x: f"x{x}"),
        st.sampled_from(["x1e9999999", "NaT", "today", "x1/0", "\n"]),
        DATES,
    ),
    max_size=12,
).map(" ".join)
UNIVERSES = st.one_of(
    st.lists(LINE, max_size=5).map(lambda v: "\n".join(v).encode(errors="replace")),
    changed(b"X x50 before 2018-05-04\nY prices x1/5 before 2021-04-16 # split\nZ\n"),
    st.binary(max_size=200),
)
KEYS = st.sampled_from(
    "ticker start end data_dir seeds cash threshold out market tax-bps slots purge scaler".split()
)
VALUES = st.recursive(
    st.one_of(
        st.integers().map(str),
        st.integers(10**17, 10**40).map(str),
        st.floats().map(repr),
        texts(max_size=8).map(json.dumps),
        st.dates().map(str),
        st.datetimes().map(str),
        st.times().map(str),
        st.sampled_from(["true", "false", "inf", "nan", '"X"', "0x10", "1_000", "1e400"]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda v: f"[{', '.join(v)}]"),
        inner.map(lambda v: f"{{ a = {v} }}"),
    ),
    max_leaves=6,
)
CONFIGS = st.one_of(
    st.dictionaries(st.one_of(KEYS, texts(max_size=6).map(json.dumps)), VALUES, max_size=4).map(
        lambda pairs: "\n".join(f"{k} = {v}" for k, v in pairs.items()).encode(errors="replace")
    ),
    changed(b'ticker = ["X"]\nseeds = 2\ncash = 1e6\nstart = 2015-01-05\n'),
    st.binary(max_size=200),
)


@given(CSV)
@FEW
def test_any_csv_is_read_or_refused(content: bytes) -> None:
    assert read_or_refused("csv", content)


@given(EXTRAS)
@FEW
def test_any_extra_columns_are_read_or_refused(content: bytes) -> None:
    assert read_or_refused("extra", content)


@given(parquets(), st.sampled_from(["parquet", "extra-parquet"]))
@FEW
def test_any_parquet_is_read_or_refused(content: bytes, kind: str) -> None:
    assert read_or_refused(kind, content)


@given(UNIVERSES)
@FEW
def test_any_universe_is_read_or_refused(content: bytes) -> None:
    assert read_or_refused("universe", content)


@given(CONFIGS)
@FEW
def test_any_configuration_is_read_or_refused(content: bytes) -> None:
    assert read_or_refused("config", content)


@pytest.mark.slow
@given(st.one_of(CSV.map(lambda raw: ("csv", raw)), EXTRAS.map(lambda raw: ("extra", raw))))
@some(2_500)
def test_a_minute_of_tables(drawn: tuple[str, bytes]) -> None:
    assert read_or_refused(*drawn)


@pytest.mark.slow
@given(parquets(), st.sampled_from(["parquet", "extra-parquet"]))
@some(800)
def test_a_minute_of_parquets(content: bytes, kind: str) -> None:
    assert read_or_refused(kind, content)


@pytest.mark.slow
@given(UNIVERSES)
@some(2_500)
def test_a_minute_of_universes(content: bytes) -> None:
    assert read_or_refused("universe", content)


@pytest.mark.slow
@given(CONFIGS)
@some(5_000)
def test_a_minute_of_configurations(content: bytes) -> None:
    assert read_or_refused("config", content)
