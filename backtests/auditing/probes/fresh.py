"""Asks a new process, in which nothing has run before and which does not look like an audit."""

from __future__ import annotations

import os
import pickle
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import backtests
from backtests.auditing.probes import child, doors
from backtests.auditing.probes.clock import clock_library
from backtests.jobs.parallel import Plugin
from forecasters.walk_forward.fit import Fit, Fitted

#: Seconds by which the clock of a bare child is ahead: half a year, and another hour of the day.
AHEAD = 190 * 86_400 + 7 * 3_600 + 41 * 60
#: Variables of the environment that a bare child gets; others may hold anything.
KEPT = ("PATH", "HOME", "LANG", "LANGUAGE", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "VIRTUAL_ENV")
KEPT_FAMILIES = (
    *("LC_", "PYTHON", "OMP_", "MKL_", "OPENBLAS_", "NUMBA_", "CUDA_", "TORCH_", "XDG_", "MPL"),
)
#: Every file in the bare folder is this old, in seconds since 1970.
OLD = 1_000_000_000
START = """
import sys
size = int(sys.stdin.buffer.readline())
text = sys.stdin.buffer.read(size).decode()
path = sys.stdin.buffer.readline().decode().strip()
out, sys.stdout = sys.stdout.buffer, sys.stderr
__file__ = path
exec(compile(text, path, "exec"))
serve(sys.stdin.buffer, out)
"""


class ChildFailed(Exception):
    """What was asked cannot be sent to a new process, or that process failed."""


@dataclass(frozen=True)
class Fresh:
    """The answers in order, and what was noticed since the import of the user's file."""

    fitted: tuple[Fitted, ...]
    opened: tuple[str, ...]


def run_fresh(
    fits: Sequence[Fit],
    files: Sequence[Plugin],
    declared: Sequence[str] = (),
    *,
    bare: bool = False,
) -> Fresh:
    """Return the answers of a new process to these fits.

    Parameters
    ----------
    declared : sequence of str
        Files that the settings of the forecaster name.
    bare : bool
        In an empty folder with a copy of the user's file, with another clock and few variables of
        the environment.

    Raises
    ------
    ChildFailed
        As `ask`.
    """
    opened, answer = ask("fits", {"fits": tuple(fits)}, files, declared, bare=bare)
    return Fresh(answer, opened)


def ask(
    kind: str,
    work: Mapping[str, Any],
    files: Sequence[Plugin],
    declared: Sequence[str] = (),
    *,
    bare: bool = False,
) -> tuple[tuple[str, ...], Any]:
    """Return what was noticed in a new process, and its answer to `work` (see `child.py`).

    Raises
    ------
    ChildFailed
        `work` does not pickle, or the process failed; the message is the last line of its errors.
    """
    return _asked(kind, pickled(dict(work)), tuple(files), tuple(declared), bare)


def pickled(work: Any) -> bytes:
    """Return the pickle of something that holds a user's object.

    Raises
    ------
    ChildFailed
        It does not pickle.
    """
    try:
        return pickle.dumps(work)
    except Exception as error:  # a user's class may raise anything as it is pickled
        raise ChildFailed(f"{type(error).__name__}: {error}") from error


@lru_cache(maxsize=2)
def _asked(
    kind: str, work: bytes, files: tuple[Plugin, ...], declared: tuple[str, ...], bare: bool
) -> tuple[tuple[str, ...], Any]:
    library = clock_library() if bare else None
    run = Path(backtests.__file__).with_name("run.py")
    text = "\n".join(_text(module) for module in (doors, child)).encode()
    with tempfile.TemporaryDirectory() as folder:
        places = _copied(files, declared, Path(folder)) if bare else files
        request = {
            "kind": kind,
            "work": work,
            "files": places,
            "declared": (*declared, *(str(path) for path, _ in places), *_moved(declared, folder)),
            "argv": [str(run), "--ticker", "051900.KS"],
            "clock": None if library is None else str(library),
        }
        done = subprocess.run(
            [sys.executable, "-c", START],
            input=b"%d\n%b%b\n%b" % (len(text), text, str(run).encode(), pickle.dumps(request)),
            capture_output=True,
            env=_environment(bare, library),
            cwd=folder if bare else None,
            check=False,
        )
    if done.returncode != 0:
        lines = done.stderr.decode(errors="replace").strip().splitlines()
        raise ChildFailed(lines[-1] if lines else f"it ended with {done.returncode}")
    answered = pickle.loads(done.stdout)  # nosec B301 # from our own child
    return answered["opened"], answered["answer"]


def _text(module: Any) -> str:
    """Return the text of a module without its `from __future__` line, which must come first."""
    text = Path(module.__file__).read_text("utf-8")
    return text.replace("from __future__ import annotations\n", "")


def _environment(bare: bool, library: Path | None) -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if not bare or name in KEPT or name.startswith(KEPT_FAMILIES)
    }
    kept["PYTHONPATH"] = os.pathsep.join(os.path.abspath(path) for path in sys.path if path)
    if library is not None:
        kept |= {"LD_PRELOAD": str(library), "CLOCK_SECONDS": str(AHEAD)}
        kept["PYTHONDONTWRITEBYTECODE"] = "1"
    return kept


def _copied(files: Sequence[Plugin], declared: Sequence[str], folder: Path) -> tuple[Plugin, ...]:
    """Copy the user's files, the modules beside them that they import, and declared data."""
    places = []
    for number, (path, name) in enumerate(files):
        home = folder if len(files) == 1 else folder / str(number)
        home.mkdir(exist_ok=True)
        places.append((Path(shutil.copy(path, home)), name))
        for module in list(sys.modules.values()):
            beside = Path(getattr(module, "__file__", None) or ".")
            if beside.parent == path.parent.absolute() and beside.suffix == ".py":
                shutil.copy(beside, home)
            elif _is_package(beside, path.parent.absolute()):
                shutil.copytree(beside.parent, home / beside.parent.name, dirs_exist_ok=True)
    for name in declared:
        if not os.path.isabs(name):
            target = folder / name
            if folder in Path(os.path.abspath(target)).parents:
                target.parent.mkdir(parents=True, exist_ok=True)
                copy = shutil.copytree if os.path.isdir(name) else shutil.copy
                copy(name, target)
    for each in folder.rglob("*"):
        os.utime(each, (OLD, OLD))
    return tuple(places)


def _is_package(file: Path, folder: Path) -> bool:
    """Return whether this file makes a package of the user in this folder; ours is none."""
    ours = Path(backtests.__file__).parent.parent
    return file.name == "__init__.py" and file.parent.parent == folder and folder != ours


def _moved(declared: Sequence[str], folder: str) -> tuple[str, ...]:
    return tuple(os.path.join(folder, name) for name in declared if not os.path.isabs(name))
