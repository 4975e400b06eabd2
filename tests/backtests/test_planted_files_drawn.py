"""Drawn damage to a manifest, a ledger, a saved fit and a file of arrays: a value, or one line of refusal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backtests.jobs.saved import load_fit
from backtests.reading.arrays import load_arrays, write_arrays
from backtests.runs.folder import Place
from backtests.runs.manifest import read_manifest, write_manifest
from backtests.trials.ledger import remember
from backtests.trials.manifests import read_memories
from tests.backtests.planted_files import (
    count,
    good_fit,
    header_of,
    value_or_refusal,
    with_header,
)

pytestmark = pytest.mark.slow

JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4)
    ),
    max_leaves=8,
)
DRAWN = {"deadline": None, "suppress_health_check": list(HealthCheck), "database": None}


def many(examples: int) -> Any:
    """Return the settings of a target: so many examples take about a minute."""
    return settings(max_examples=examples, **DRAWN)


@st.composite
def damaged(draw: st.DrawFn, raw: bytes) -> bytes:
    """Return bytes after some cuts, copies and changes."""
    data = bytearray(raw)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data)))
        end = min(len(data), at + draw(st.integers(0, 40)))
        kind = draw(st.sampled_from(["cut", "put", "flip", "copy", "end"]))
        if kind == "cut":
            del data[at:end]
        elif kind == "put":
            data[at:at] = draw(st.binary(max_size=20))
        elif kind == "flip" and at < len(data):
            data[at] ^= 1 << draw(st.integers(0, 7))
        elif kind == "copy":
            data[at:at] = data[at:end]
        elif kind == "end":
            del data[at:]
    return bytes(data)


@st.composite
def changed(draw: st.DrawFn, value: Any) -> Any:
    """Return a value in which one to three entries are anything, missing, or under another key."""
    value = json.loads(json.dumps(value))
    for _ in range(draw(st.integers(1, 3))):
        inner, way = value, []
        while isinstance(inner, dict | list) and inner and (not way or draw(st.booleans())):
            keys = list(inner) if isinstance(inner, dict) else list(range(len(inner)))
            way.append((inner, draw(st.sampled_from(keys))))
            inner = inner[way[-1][1]]
        if not way:
            return draw(JUNK)
        holder, key = way[-1]
        if draw(st.integers(0, 4)) == 0:
            del holder[key]
        else:
            holder[key] = draw(JUNK)
        if isinstance(holder, dict) and draw(st.integers(0, 4)) == 0:
            holder[draw(st.text(max_size=9))] = draw(JUNK)
    return value


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("drawn")


@given(data=st.data())
@many(3000)
def test_a_manifest(folder: Path, data: st.DataObject) -> None:
    place = Place(str(folder / "runs"), "A.KS", "ab" * 32)
    place.folder.mkdir(parents=True, exist_ok=True)
    path = place.folder / "manifest.json"
    if not (folder / "good.json").exists():
        counted = count(folder / "ledger")
        given = {"data": [{"ticker": "A.KS"}], "trials": remember([counted]), "key": place.key}
        write_manifest(path, given)
        path.replace(folder / "good.json")
    raw = (folder / "good.json").read_bytes()
    drawn = data.draw(damaged(raw) | changed(json.loads(raw)))
    path.write_bytes(drawn if isinstance(drawn, bytes) else json.dumps(drawn, indent=2).encode())
    value_or_refusal(lambda: read_manifest(path), 5)
    value_or_refusal(place.found, 5)
    value_or_refusal(lambda: read_memories(folder / "runs"), 5)


#: How each line of ours begins.
BEGINNING = b'{"n": '


# Of a line that was half written it is said that it goes; it is no trial.
@pytest.mark.filterwarnings(
    "ignore:the last line of .* was half written:forecasters.errors.DataWarning"
)
@given(data=st.data())
@many(600)
def test_a_ledger(folder: Path, data: st.DataObject) -> None:
    good = folder / "good" / "trials.jsonl"
    if not good.exists():
        for number in range(3):
            count(good.parent, number)
    raw = good.read_bytes()
    lines = [json.loads(line) for line in raw.splitlines()]
    drawn = data.draw(damaged(raw) | st.lists(changed(lines[0]), min_size=1, max_size=4))
    if not isinstance(drawn, bytes):
        drawn = b"\n".join(json.dumps(line).encode() for line in drawn)
    path = folder / "spoilt" / "trials.jsonl"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(drawn)
    assert value_or_refusal(lambda: count(path.parent, 9), 5).trials >= 1
    whole, end, last = drawn.rpartition(b"\n")
    begins = last.startswith(BEGINNING) or BEGINNING.startswith(last)
    stays = whole + end if begins and not last.endswith(b"}") else drawn
    assert path.read_bytes().startswith(stays), "it only grows, but for a line of ours that was cut"


@given(data=st.data())
@many(1500)
def test_a_saved_fit(folder: Path, data: st.DataObject) -> None:
    good = folder / "good.safetensors"
    if not good.exists():
        good_fit(good)
    raw = good.read_bytes()
    header, tensors = header_of(raw)
    about = json.loads(header["__metadata__"]["fit"])
    drawn = data.draw(
        damaged(raw)
        | changed(header).map(lambda h: with_header(h, tensors))
        | changed(about).map(
            lambda a: with_header({**header, "__metadata__": {"fit": json.dumps(a)}}, tensors)
        )
    )
    path = folder / "spoilt.safetensors"
    path.write_bytes(drawn)
    value_or_refusal(lambda: load_fit(path), 5)


@given(data=st.data())
@many(6000)
def test_a_file_of_arrays(folder: Path, data: st.DataObject) -> None:
    good = folder / "good.npz"
    if not good.exists():
        write_arrays(
            good,
            close=np.arange(5.0),
            train_loss=np.zeros((0,)),
            kept=np.array(3),
            engine=np.array("torch"),
        )
    path = folder / "spoilt.npz"
    path.write_bytes(data.draw(damaged(good.read_bytes())))
    value_or_refusal(lambda: load_arrays(path, "close", "train_loss", "kept", "engine"), 5)
