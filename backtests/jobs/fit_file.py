"""The file of a fit in the store: what it left and what it learned, as numbers and JSON.

The format is safetensors: arrays and a header of text, nothing that a reader would execute.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backtests.jobs.fit_key import name_of
from backtests.reading.files import Unreadable, refuse_other
from backtests.reading.untrusted import read_bytes
from backtests.writing.atomic import write_atomically
from forecasters.walk_forward.fit import Fitted

SUFFIX = ".safetensors"
#: The entry of the header that is ours: a sha256 and the text that it covers, beside the arrays.
ENTRY = "fit"
#: The header of a file is refused beyond this size, before it is read.
LARGEST_HEADER = 10_000_000
#: A file of more bytes is no fit.
LARGEST = 2 * 2**30
#: Arrays of a `Fitted`: their types, and whether NaN stands for "there is none".
ARRAYS = {
    "close": ("float64", False),
    "outside": ("bool", False),
    "centre": ("float64", True),
    "train_loss": ("float64", False),
    "validation_loss": ("float64", False),
    "inside": ("float64", True),
}
Arrays = dict[str, NDArray[Any]]


class DamagedFit(ValueError):
    """The file is not the fit that its name promises; the message says why."""


class TooLargeFit(ValueError):
    """A fit has so many numbers that its file would not be read again."""


@dataclass(frozen=True, eq=False)
class KeptFit:
    """A fit as its file has it.

    Attributes
    ----------
    made_of : dict
        What the name of the file is the sha256 of.
    fitted : Fitted
    test : tuple of str
        Of each part the sha256 of the windows that were forecast.
    state : dict
        What the forecaster learned.
    whole : bool
        The state is all that a forecast needs.
    """

    made_of: dict[str, Any]
    fitted: Fitted
    test: tuple[str, ...]
    state: Arrays
    whole: bool


def write_fit(path: Path, kept: KeptFit) -> None:
    """Write the file of a fit, completely or not at all.

    Raises
    ------
    OSError
        The folder cannot be written, or the disk is full.
    TooLargeFit
        `read_fit` would refuse the file; nothing is written.
    """
    from safetensors.numpy import save

    arrays = {f"fitted/{name}": getattr(kept.fitted, name) for name in ARRAYS}
    arrays |= {f"state/{name}": array for name, array in kept.state.items()}
    if sum(array.nbytes for array in arrays.values()) > LARGEST:
        raise TooLargeFit(f"a fit has more than {LARGEST:,} bytes")
    arrays = {name: np.asarray(array, order="C") for name, array in arrays.items()}
    fitted = kept.fitted
    about = {
        "made_of": kept.made_of,
        "test": list(kept.test),
        "whole": kept.whole,
        "kept": fitted.kept,
        "outliers": fitted.outliers,
        "engine": fitted.engine,
    }
    text = _json(about)
    # one entry: safetensors writes several in an order that changes from process to process
    data = save(arrays, metadata={ENTRY: _checksum(text, arrays) + text})
    (header,) = struct.unpack("<Q", data[:8])
    if len(data) > LARGEST or header > LARGEST_HEADER:
        raise TooLargeFit(
            f"a fit has more than {LARGEST:,} bytes, or more than {LARGEST_HEADER:,} in its header"
        )
    write_atomically(path, lambda file: file.write(data))


def read_fit(path: Path) -> KeptFit:
    """Return the fit in this file.

    Raises
    ------
    FileNotFoundError
        There is no such file.
    DamagedFit
        It cannot be read, or is not what its name says: the message says why.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    with _damaged():
        data = read_bytes(path, LARGEST)
        (length,) = struct.unpack("<Q", data[:8])
        if length > min(LARGEST_HEADER, len(data) - 8):
            raise DamagedFit("it is cut off")
        try:
            arrays = load(data)
        except SafetensorError as error:
            raise DamagedFit(f"its arrays cannot be read: {error}") from error
        kept = _kept(_entry(data[8 : 8 + length]), arrays)
        if name_of(kept.made_of) != path.name.removesuffix(SUFFIX):
            raise DamagedFit("it holds another fit than its name says")
        return kept


def read_about(path: Path) -> dict[str, Any]:
    """Return what a fit is made of, from the header alone; nothing is checked.

    Raises
    ------
    FileNotFoundError
        There is no such file.
    DamagedFit
        The header cannot be read.
    """
    with _damaged():
        refuse_other(path, "it")
    with _damaged(), path.open("rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        if length > LARGEST_HEADER:
            raise DamagedFit("its header is too long")
        _, text = _entry(file.read(length))
        return dict(json.loads(text)["made_of"])


@contextmanager
def _damaged() -> Iterator[None]:
    """Call every error a damaged file, except that there is none."""
    try:
        yield
    except (FileNotFoundError, NotADirectoryError) as error:
        raise FileNotFoundError(str(error)) from error
    except DamagedFit:
        raise
    except Unreadable as error:
        raise DamagedFit(str(error)) from error
    except OSError as error:
        raise DamagedFit(error.strerror or str(error)) from error
    # Whoever wrote the file: a value of another kind may stand anywhere in it.
    except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError) as error:
        raise DamagedFit(f"it is no fit: {type(error).__name__}: {error}") from error
    except (struct.error, RecursionError) as error:
        raise DamagedFit("its header cannot be read") from error


def _entry(header: bytes) -> tuple[str, str]:
    """Return the checksum of a file and the text that describes the fit."""
    entry: str = json.loads(header)["__metadata__"][ENTRY]
    return entry[:64], entry[64:]


def _kept(entry: tuple[str, str], arrays: Arrays) -> KeptFit:
    """Return the fit after every check that needs no name."""
    checksum, text = entry
    if checksum != _checksum(text, arrays):
        raise DamagedFit("its checksum is wrong")
    about = json.loads(text)
    values: dict[str, Any] = {name: arrays[f"fitted/{name}"] for name in ARRAYS}
    for name, (dtype, may_lack) in ARRAYS.items():
        array = values[name]
        if array.ndim != 1 or array.dtype != np.dtype(dtype):
            raise DamagedFit(f"{name} is {array.dtype} of shape {array.shape}")
        wrong = np.isinf(array) if may_lack else ~np.isfinite(array)
        if wrong.any():
            raise DamagedFit(f"{name} has a value that is not a finite number")
    if values["close"].shape != values["outside"].shape:
        raise DamagedFit("close and outside have different lengths")
    if values["centre"].size != len(about["test"]) or not about["test"]:
        raise DamagedFit("it has another number of tickers than of forecasts")
    for name, kind in (("kept", int), ("outliers", float), ("engine", str)):
        values[name] = about[name]
        if type(values[name]) is not kind:
            raise DamagedFit(f"{name} is {values[name]!r}")
    if not 0 <= about["outliers"] <= 1:
        raise DamagedFit(f"outliers is {about['outliers']}; it is a share")
    state = {
        name.removeprefix("state/"): array
        for name, array in arrays.items()
        if name.startswith("state/")
    }
    test = tuple(map(str, about["test"]))
    return KeptFit(about["made_of"], Fitted(**values), test, state, about["whole"] is True)


def _checksum(about: str, arrays: Mapping[str, NDArray[Any]]) -> str:
    """Return the sha256 of the header's text and of every array with its name, type and shape."""
    h = hashlib.sha256(about.encode())
    for name, array in sorted(arrays.items()):
        h.update(f"{name}|{array.dtype}|{array.shape}".encode())
        h.update(array.tobytes())
    return h.hexdigest()


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False)
