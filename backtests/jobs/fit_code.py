"""What computes a fit: our code, code that is not ours, libraries, processor."""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import platform
import sys
import sysconfig
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from backtests import plugins

ROOT = Path(__file__).resolve().parents[2]
#: Suffixes of the files that decide a forecast.
CODE = (".py", ".cpp", ".h")
#: Libraries that compute our forecasters.
LIBRARIES = ("numpy", "scipy", "torch", "scikit-learn", "statsmodels")


@cache
def code_of(*packages: str, suffixes: Sequence[str] = CODE) -> str:
    """Return the sha256 of the files of packages of ours: their paths and contents."""
    files = [
        path
        for package in packages
        for path in sorted((ROOT / package).rglob("*"))
        if path.suffix in suffixes
    ]
    return _sha256((path.relative_to(ROOT).as_posix(), path) for path in files)


def foreign_code_of(cls: type) -> dict[str, Any] | None:
    """Return what is known of the code of a class that is not ours; None if it is in no file.

    A forecaster may import anything. So beside `plugins.provenance` stand all Python files beside a user's
    file, all loaded modules that were not installed, and the versions of all that was installed. Too much only
    costs a training; too little would give the fit of other code.
    """
    if cls.__module__ == "__main__":
        return None
    files = set(_loaded_from_elsewhere())
    if "@" in cls.__module__:
        files |= set(plugins.file_of(cls).resolve().parent.glob("*.py"))
    return {
        "provenance": plugins.provenance(cls),
        "beside": _sha256((path.as_posix(), path) for path in sorted(files)),
        "installed": _installed(),
    }


def machine(device: str = "cpu") -> dict[str, Any]:
    """Return the versions and the processor that a fit is computed with: another may round otherwise."""
    if device == "cpu":
        return _machine()
    from forecasters.engines.torch import device_name

    return {**_machine(), "device": device_name(device)}


@cache
def _machine() -> dict[str, Any]:
    found: Any = np.show_config(mode="dicts")
    return {
        "python": ".".join(platform.python_version_tuple()[:2]),
        "versions": {name: _version(name) for name in LIBRARIES},
        "processor": [
            platform.machine(),
            *_model(),
            *found.get("SIMD Extensions", {}).get("found", ()),
        ],
    }


def _model() -> list[str]:
    """Return vendor, family and model of the processor where the system says so (Linux on x86)."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    first = text.partition("\n\n")[0]
    lines = dict(line.split("\t", 1) for line in first.splitlines() if "\t" in line)
    wanted = ("vendor_id", "cpu family", "model")
    return [lines[name].strip("\t: ") for name in wanted if name in lines]


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


@cache
def _installed() -> str:
    """Return the sha256 of the names and versions of all installed packages."""
    named = {f"{each.name} {each.version}" for each in importlib.metadata.distributions()}
    return hashlib.sha256("\n".join(sorted(named)).encode()).hexdigest()


def _loaded_from_elsewhere() -> Iterable[Path]:
    """Return the files of loaded modules that are neither ours nor installed."""
    names = ("stdlib", "platstdlib", "purelib", "platlib")
    installed = [Path(sysconfig.get_paths()[name]) for name in names]
    places = [*installed, *(place.resolve() for place in installed)]
    places += [ROOT / package for package in plugins.named.OURS]
    inside = tuple(f"{place}{os.sep}" for place in places)
    for name, module in list(sys.modules.items()):
        file = str(getattr(module, "__file__", None) or "")
        scripts = ("__main__", "__mp_main__")
        if file.endswith(".py") and name not in scripts and not file.startswith(inside):
            path = Path(file).resolve()
            if path.is_file():
                yield path


def _sha256(files: Iterable[tuple[str, Path]]) -> str:
    h = hashlib.sha256()
    for name, path in files:
        h.update(name.encode() + path.read_bytes())
    return h.hexdigest()
