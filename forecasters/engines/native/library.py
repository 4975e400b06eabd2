"""The compiled kernels: how they are found and loaded, and their functions."""

from __future__ import annotations

import ctypes
import hashlib
import operator
import os
import sys
from functools import cache
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from typing import Any

from forecasters.errors import InputError

#: The builds of the one source, the fastest first; those that give the same bits.
BUILDS = ("avx512", "avx2", "portable")
SAME_BITS = ("avx512", "avx2")
#: Environment variable that names another build than the best one: for tests and for finding faults.
CHOICE = "BACKTESTS_NATIVE_BUILD"

HELP = "with a C++ compiler (Debian: apt-get install g++), install this package again"

#: In `ctypes`, arrays are addresses: numpy's `array.ctypes.data`.
Address = ctypes.c_void_p


#: Whole numbers of C and the numbers that each holds: ctypes cuts off the bits above without a word.
RANGES = {
    ctypes.c_int32: (-(2**31), 2**31 - 1),
    ctypes.c_uint32: (0, 2**32 - 1),
    ctypes.c_int64: (-(2**63), 2**63 - 1),
    ctypes.c_uint64: (0, 2**64 - 1),
}


def exact(kind: Any, name: str, value: Any) -> Any:
    """Return a value that is about to become a number of C, if that type holds it.

    Every number that crosses into the kernels goes through here.

    Raises
    ------
    InputError
        It is no whole number, or the type is too narrow.

    Examples
    --------
    >>> exact(ctypes.c_int32, "batch_size", 32)
    32
    """
    if kind not in RANGES:
        return value
    least, most = RANGES[kind]
    try:
        number = operator.index(value)
    except TypeError:
        raise InputError(f"{name} is {value!r}; the kernels take a whole number") from None
    if not least <= number <= most:
        raise InputError(f"{name} is {number}; the kernels take {least:,} to {most:,}")
    return number


def _whole(kind: Any, name: str) -> Any:
    """Return a type of argument that checks its numbers by `exact`."""

    def from_param(cls: Any, value: Any) -> Any:
        return kind(exact(kind, name, value))

    return type(name, (kind,), {"from_param": classmethod(from_param)})


class _Checked(ctypes.Structure):
    """A structure whose whole numbers are checked as they are given."""

    def __init__(self, **values: Any) -> None:
        kinds = dict(self._fields_)  # type: ignore[arg-type]  # pairs, none of them a bit field
        super().__init__(**{name: exact(kinds[name], name, v) for name, v in values.items()})


class KernelLayer(_Checked):
    """A layer as `network.h` describes it."""

    _fields_ = (
        ("kind", ctypes.c_int32),
        ("outputs", ctypes.c_int32),
        ("kernel", ctypes.c_int32),
        ("stride", ctypes.c_int32),
        ("biases", ctypes.c_int32),
        ("function", ctypes.c_int32),
        ("number", ctypes.c_int32),
        ("reserved", ctypes.c_int32),
        ("rate", ctypes.c_double),
    )


class KernelPlan(_Checked):
    """A network and the memory for it, as `api.cpp` has it."""

    _fields_ = (
        ("layers", ctypes.POINTER(KernelLayer)),
        ("count", ctypes.c_int32),
        ("lookback", ctypes.c_int32),
        ("channels", ctypes.c_int32),
        ("loss", ctypes.c_int32),
        ("seed", ctypes.c_uint64),
        ("parameters", Address),
        ("gradients", Address),
        ("workspace", Address),
    )


_PLAN = ctypes.POINTER(KernelPlan)
_SIZE = ctypes.POINTER(ctypes.c_uint64)
_COUNT, _BATCH = _whole(ctypes.c_int64, "rows"), _whole(ctypes.c_int32, "batch_size")
_EPOCHS, _STEP = _whole(ctypes.c_int32, "epochs"), _whole(ctypes.c_uint32, "step")
_SEED = _whole(ctypes.c_uint64, "seed")
_SIGNATURES: dict[str, tuple[object, tuple[object, ...]]] = {
    "native_processor": (ctypes.c_char_p, ()),
    "native_isa": (ctypes.c_char_p, ()),
    "native_compiler": (ctypes.c_char_p, ()),
    "native_source": (ctypes.c_char_p, ()),
    "native_size": (None, (_PLAN, _SIZE, _SIZE)),
    "native_set_parameters": (None, (_PLAN, Address)),
    "native_get_parameters": (None, (_PLAN, Address)),
    "native_answer": (None, (_PLAN, Address, _COUNT, Address)),
    "native_gradient": (
        ctypes.c_double,
        (_PLAN, Address, Address, Address, _BATCH, _STEP, Address, Address),
    ),
    "native_train": (
        ctypes.c_int32,
        (
            _PLAN, Address, Address, Address, _COUNT, _EPOCHS, _BATCH,
            ctypes.c_double, ctypes.c_double, Address, Address, Address, Address, Address, Address,
        ),
    ),
    "native_ceiling": (ctypes.c_double, (_COUNT, Address)),
    "native_philox": (None, (Address, _SEED, _COUNT, Address)),
}  # fmt: skip


def available() -> str | None:
    """Return None where the kernels can be called, else the reason and how to get them."""
    try:
        load()
    except OSError as error:
        return str(error)
    return None


def load() -> ctypes.CDLL:
    """Return the library of the best build for this processor, or of the build that `CHOICE` names.

    Raises
    ------
    OSError
        No build exists, or the named build cannot run here.
    """
    return _load(os.environ.get(CHOICE, ""))


@cache
def _load(choice: str) -> ctypes.CDLL:
    built = {build: path for build in BUILDS if (path := _path(build))}
    if not built:
        raise OSError(f"the native engine was not built: {HELP}")
    if choice and choice not in built:
        raise OSError(f"{CHOICE} is '{choice}'; built are {', '.join(built)}")
    if "portable" not in built:
        raise OSError(f"the native engine was built in part ({', '.join(built)}): {HELP}")
    portable = _open(built["portable"])
    if portable.native_source().decode() != _digest():
        raise OSError("the native engine was built from other sources: install this package again")
    best = portable.native_processor().decode()
    runs = [build for build in BUILDS[BUILDS.index(best) :] if build in built]
    if choice and choice not in runs:
        raise OSError(f"{CHOICE} is '{choice}'; this processor runs {', '.join(runs)}")
    return _open(built[choice or runs[0]])


def _digest() -> str:
    """Return the sha256 of the sources, as setup.py makes it."""
    source = Path(__file__).parent / "source"
    return hashlib.sha256(b"".join(p.read_bytes() for p in sorted(source.iterdir()))).hexdigest()


def _path(build: str) -> Path | None:
    """Return the build beside this file, or the one that was installed elsewhere.

    In a checkout of what is installed (not by `pip install -e`), Python finds the checkout's files.
    """
    here = Path(__file__).parent
    inside = here.relative_to(here.parents[2])
    folders = [here, *(Path(entry) / inside for entry in sys.path)]
    names = [f"_{build}{suffix}" for suffix in EXTENSION_SUFFIXES]
    return next((p for f in folders for n in names if (p := f / n).exists()), None)


def _open(path: Path) -> ctypes.CDLL:
    library = ctypes.CDLL(str(path))  # a call releases the interpreter
    for name, (result, arguments) in _SIGNATURES.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


def isa() -> str:
    """Return which build is in use: ``avx512``, ``avx2`` or ``portable``."""
    name: bytes = load().native_isa()
    return name.decode()


def compiler() -> str:
    """Return the version of the compiler that made the build in use: another may order sums otherwise."""
    name: bytes = load().native_compiler()
    return name.decode()
