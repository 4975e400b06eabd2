"""Files and JSON of anybody: read with limits, and refused with a reason."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import numpy as np
import pytest

from backtests.reading.arrays import load_arrays, write_arrays
from backtests.reading.files import Unreadable
from backtests.reading.untrusted import brief, check_regular, parse_json, read_bytes, read_json
from backtests.writing.plain import short
from tests.backtests.reading.case import within


def test_a_file_of_json_is_read(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text('{"a": [1, -2.5e3, true, null, "\\u00e9 [["], "b": {"a": 1}}')
    assert read_json(path) == {"a": [1, -2500.0, True, None, "é [["], "b": {"a": 1}}
    assert parse_json(b"[" * 64 + b"]" * 64, "it")[0]
    assert parse_json(b'["\\ud83d\\ude00"]', "it") == ["\U0001f600"]


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", "Expecting value"),
        (b"[" * 65 + b"]" * 65, "nested deeper than 64 levels"),
        (b"[" * 10**6, "nested deeper"),
        (b'{"a": 1, "b": {"c": 1, "c": 2}}', "the key 'c' comes twice"),
        (b"[NaN]", "NaN is no number"),
        (b"[-Infinity]", "-Infinity is no number"),
        (b"[1e999]", "'1e999' is too large"),
        (b"[9223372036854775808]", "too large"),
        (b"[" + b"9" * 10_000 + b"]", "too large"),
        (b'["\\ud800"]', "half a character"),
        (b'"\xff"', "byte 2 is no UTF-8"),
        (b"{} x", "Extra data, line 1"),
    ],
)
def test_what_is_no_usable_json_is_refused_with_the_reason(raw: bytes, why: str) -> None:
    with pytest.raises(Unreadable, match=why) as caught:
        parse_json(raw, "my file")
    assert str(caught.value).startswith("my file is not usable JSON: ")
    assert len(str(caught.value)) < 300


def test_a_file_is_read_up_to_its_limit(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * 100)
    assert read_bytes(path, 100) == b"x" * 100
    with pytest.raises(Unreadable, match="has 100 bytes, and at most 99 are read"):
        read_bytes(path, 99)
    (tmp_path / "endless").symlink_to("/dev/zero")
    with pytest.raises(Unreadable, match="is a device, not a file"):
        read_bytes(tmp_path / "endless")


def test_what_is_no_file_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to("loop")
    for name, why in (("pipe", "is a pipe"), ("loop", "Too many levels"), ("", "is a folder")):
        for look in (read_bytes, check_regular):
            with pytest.raises(Unreadable, match=why):
                look(tmp_path / name)
    with pytest.raises(FileNotFoundError):
        read_bytes(tmp_path / "nothing")
    check_regular(tmp_path / "nothing")


def test_a_header_of_digits_takes_no_time(tmp_path: Path) -> None:
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (" + b"1" * 60 + b"x), }\n"
    member = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("a.npy", member)
    with within(2), pytest.raises(Unreadable, match="a header that is not read"):
        load_arrays(tmp_path / "a.npz", "a")
    for shape in ((), (3,), (2, 0), (1, 2, 3)):
        write_arrays(tmp_path / "b.npz", b=np.zeros(shape))
        assert load_arrays(tmp_path / "b.npz", "b")["b"].shape == shape


def test_what_is_quoted_is_short_and_printable() -> None:
    assert short("\x1b[31m" + "x" * 1000).isprintable()
    assert len(short(["x" * 1000] * 1000)) < 250
    assert brief(ValueError("two\nlines")) == "two lines"
    assert len(brief(ValueError("x" * 1000))) == 300
