"""Files as somebody careless or hostile leaves them, and what may come of reading them."""

from __future__ import annotations

import copy
import json
import os
import signal
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from backtests.jobs.saved import save_fit
from backtests.sources.simulated import Simulated
from backtests.trials.ledger import TrialLedger
from backtests.trials.look import TIMING, Look
from backtests.trials.trial import Scope, Trial, trial_key
from forecasters.errors import InputError
from forecasters.features import make_features
from forecasters.models.rnn import RNN
from forecasters.walk_forward.fit import Learned
from tests.backtests.odd_places import make_hole, make_loop, make_socket

SCOPE = Scope(("051900.KS",), "2017-01-02", "2019-12-30")

#: Bytes that are no file of ours, by what they are.
BODIES: dict[str, bytes] = {
    "empty": b"", "null": b"null", "list": b"[]", "number": b"5", "text": b'"x"', "object": b"{}",
    "deep lists": b"[" * 200_000, "deep objects": b'{"a":' * 100_000, "closed": b"[" * 99 + b"]" * 99,
    "open string": b'{"key": "' + b'\\"' * 200_000, "brackets in a string": b'{"key": "[[[[[', "nan": b'{"key": NaN}',
    "infinite": b'{"key": 1e999}', "large": b'{"key": ' + b"9" * 5000 + b"}", "half": b'{"key": "a", ',
    "twice": b'{"key": "a", "key": "b"}', "surrogate": b'{"key": "\\ud800"}', "escape": b'{"key": "\\u001b[31m"}',
    "no utf-8": b'{"key": "\xff"}', "utf-16": '{"key": "a"}'.encode("utf-16"), "bom": b'\xef\xbb\xbf{"key": "a"}',
    "nul": b"\x00" * 1000, "html": b"<html>", "zip": b"PK\x03\x04" + b"\x00" * 100, "pickle": b"\x80\x04N.",
    "lines": b"\n" * 100_000, "tail": b'{"key": "a"} x', "zeros": b"[" + b"0," * 10_000 + b"0]",
}  # fmt: skip

#: Values of a wrong type or size, for an entry of a file.
VALUES: list[Any] = [
    None, True, -1, 2**62, 1.5, "", "x" * 20_000, "\x1b[31m\n", "../../etc/passwd", [], [[[1]]], {}, {"a": {"b": []}},
]  # fmt: skip


#: What lies in the place of a file, by what it is.
PLACES: dict[str, Callable[[Path], None]] = {
    "pipe": os.mkfifo, "folder": Path.mkdir, "socket": make_socket, "huge": make_hole, "loop of links": make_loop,
    "link to nothing": lambda path: path.symlink_to("nowhere"),
    "link to a folder": lambda path: path.symlink_to(".."),
    "link to a device": lambda path: path.symlink_to("/dev/zero"),
}  # fmt: skip


def plants(good: Any = None) -> Iterator[tuple[str, Callable[[Path], None]]]:
    """Yield names and what plants the file; `good` is a value of which each entry is spoilt in turn."""
    yield from PLACES.items()
    for name, body in BODIES.items():
        yield name, lambda path, body=body: path.write_bytes(body)
    for place, spoilt in spoilings(good):
        text = json.dumps(spoilt, indent=2)
        yield place, lambda path, text=text: path.write_text(text)


def spoilings(good: Any) -> Iterator[tuple[str, Any]]:
    """Yield each entry's place, and the value with that entry missing or of a wrong type or size."""
    for i, keys in enumerate(_places(good)):
        *way, last = keys
        for value in (..., VALUES[i % len(VALUES)], VALUES[(5 * i + 7) % len(VALUES)]):
            spoilt = copy.deepcopy(good)
            inner = spoilt
            for key in way:
                inner = inner[key]
            if value is ...:
                del inner[last]
            else:
                inner[last] = value
            yield f"{keys} {str(value)[:20]!r}", spoilt


def _places(value: Any) -> Iterator[tuple[Any, ...]]:
    items = (
        enumerate(value)
        if isinstance(value, list)
        else value.items()
        if isinstance(value, dict)
        else ()
    )
    for key, inner in items:
        yield (key,)
        yield from ((key, *rest) for rest in _places(inner))


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """End what takes longer, also a read that waits for ever."""

    def late(signum: int, frame: object) -> None:
        raise TimeoutError(f"longer than {seconds} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def value_or_refusal(read: Callable[[], Any], seconds: float = 10.0) -> Any:
    """Return what `read` returns, or its `InputError` after a look at the words; all else is raised."""
    try:
        with within(seconds):
            return read()
    except InputError as error:
        text = str(error)
        assert text.isprintable(), repr(text)
        assert len(text) < 1500, text
        return error


def good_fit(path: Path) -> Path:
    """Write a fit of a small network that was never trained."""
    bars = Simulated().fetch("051900.KS", "2016-01-04", "2016-06-01")
    features = make_features(bars, "ohlcv", 1)
    forecaster = RNN(hidden=2, lookback=3, clip=4.0, components=2)
    rows = np.arange(10, 60)
    transform = forecaster.preprocessing.fit(features, rows, rows)
    network = forecaster.build(2, 3)
    state = {name: weight.numpy() for name, weight in network.state_dict().items()}
    fit: Any = SimpleNamespace(
        forecaster=forecaster, seed=0, name="2016-05-02", parts=[SimpleNamespace(features=features)]
    )
    return save_fit(path, fit, Learned(state, {bars.ticker: transform}), "ohlcv")


def header_of(raw: bytes) -> tuple[dict[str, Any], bytes]:
    """Return the header of a file of safetensors and the bytes of its tensors."""
    (size,) = struct.unpack("<Q", raw[:8])
    return json.loads(raw[8 : 8 + size]), raw[8 + size :]


def with_header(header: Any, tensors: bytes) -> bytes:
    """Return a file of safetensors with this header."""
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + tensors


def trial(number: int) -> Trial:
    """Return a trial with a short series."""
    days = np.arange("2017-01-02", "2017-02-02", dtype="datetime64[D]")
    look = Look(TIMING, days, np.linspace(-1, number, days.size) * 0.01)
    return Trial(trial_key(rule=number), SCOPE, 0.1, "run", "", TIMING, look)


def count(folder: Path, number: int = 1) -> Any:
    """Check the ledger of a folder and count a trial in it, as a run does."""
    ledger = TrialLedger(folder / "trials.jsonl", folder / "runs")
    ledger.check()
    counted = ledger.add([trial(number)])
    assert counted.trials >= 1 and counted.warning.isprintable() and len(counted.warning) < 5000
    return counted
