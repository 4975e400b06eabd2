"""One command, one key and one digest: on any number of processes, any build, in any surroundings."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from forecasters.engines.native import library

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
PACKAGES = ("backtests", "forecasters", "strategies")
#: Kernels (rnn), scikit-learn (boosting), a sweep and shifts; a page, and no tearsheet.
FLAGS = (
    ("--ticker", "051900.KS"),
    ("--source", "simulated"),
    ("--start", "2015-01-01"),
    ("--end", "2017-07-01"),
    ("--forecaster", "rnn:epochs=2", "boosting"),
    ("--strategy", "five_percent:threshold=0.01", "quantile"),
    ("--seeds", "2"),
    ("--shifts", "20"),
    ("--tearsheets", "none"),
)


@dataclass(frozen=True)
class Surroundings:
    """What may differ between two calls of the same command."""

    flags: tuple[tuple[str, ...], ...] = (*FLAGS, ("--jobs", "2"))
    python: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    folder: str = ""


def jobs(number: int) -> Surroundings:
    return Surroundings((*FLAGS, ("--jobs", str(number))))


def build(name: str) -> Surroundings:
    return Surroundings(environment={library.CHOICE: name})


def env(**values: str) -> Surroundings:
    return Surroundings(environment=values)


CASES = {
    "jobs 1": jobs(1),
    "jobs 5": jobs(5),
    "avx2": build("avx2"),
    "avx512": build("avx512"),
    "python -O": Surroundings(python=("-O",)),
    "hash seed 1": env(PYTHONHASHSEED="1"),
    "hash seed 77": env(PYTHONHASHSEED="77"),
    "Turkish": env(LC_ALL="tr_TR.UTF-8", LANG="tr_TR.UTF-8"),
    "Korean": env(LC_ALL="ko_KR.UTF-8", LANG="ko_KR.UTF-8"),
    "C": env(LC_ALL="C", LANG="C"),
    "Seoul": env(TZ="Asia/Seoul"),
    "Honolulu": env(TZ="Pacific/Honolulu"),
    "elsewhere": Surroundings(folder="a folder/with spaces/한국"),
    "order of flags": Surroundings((("--jobs", "2"), *reversed(FLAGS))),
    "four threads": env(OMP_NUM_THREADS="4", OPENBLAS_NUM_THREADS="4", MKL_NUM_THREADS="4"),
    "another home": env(HOME="{folder}/home", XDG_CACHE_HOME="{folder}/cache"),
}


def called(
    folder: Path, surroundings: Surroundings, packages: Path | None = None
) -> tuple[str, str]:
    """Run the command in a new process; return its key and its digest.

    Parameters
    ----------
    packages : Path, optional
        The folder with the three packages; by default this tree.
    """
    place = folder / surroundings.folder
    place.mkdir(parents=True, exist_ok=True)
    given = {name: text.format(folder=folder) for name, text in surroundings.environment.items()}
    # Every run trains by itself, and counts its own trials.
    separate = {"BACKTESTS_STORE": str(folder / "store"), "BACKTESTS_DATA": str(folder / "data")}
    flags = [word for flag in surroundings.flags for word in flag]
    done = subprocess.run(
        [sys.executable, *surroundings.python, "-m", "backtests.run", *flags, "--json", "--quiet"],
        env=os.environ | {"PYTHONPATH": str(packages or ROOT)} | separate | given,
        cwd=place,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    printed = json.loads(done.stdout)
    assert Path(place / printed["folder"]).is_relative_to(place)
    assert printed["found"] is False
    return printed["key"], printed["digest"]


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """Return the key and the digest of the command on two processes."""
    return called(tmp_path_factory.mktemp("expected"), Surroundings())


def possible(surroundings: Surroundings) -> str | None:
    """Return why this machine lacks these surroundings; None where it has them."""
    wanted = surroundings.environment
    if name := wanted.get(library.CHOICE):
        return None if _runs(name) else f"this processor does not run the build {name}"
    locale = wanted.get("LC_ALL", "C")
    known = subprocess.run(["locale", "-a"], capture_output=True, text=True, check=False).stdout
    if locale != "C" and locale.replace("UTF-8", "utf8") not in known.split():
        return f"this system has no locale {locale}"
    return None


def _runs(build: str) -> bool:
    code = "from forecasters.engines.native import library as l; print(l.available() or '')"
    environment = os.environ | {library.CHOICE: build, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    return not done.stdout.strip()


@pytest.mark.parametrize("case", CASES)
def test_the_surroundings_change_nothing(
    case: str, expected: tuple[str, str], tmp_path: Path
) -> None:
    surroundings = CASES[case]
    if why := possible(surroundings):
        pytest.skip(why)
    assert called(tmp_path, surroundings) == expected


def a_copy(folder: Path) -> Path:
    """Return a copy of the tree in another place."""
    for package in PACKAGES:
        shutil.copytree(
            ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    return folder


def a_wheel(folder: Path) -> Path:
    """Return what a wheel of this tree installs."""

    def pip(*words: str | Path) -> None:
        command: Sequence[str | Path] = [sys.executable, "-m", "pip", "--quiet", *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    source = a_copy(folder / "source")
    for name in ("setup.cfg", "setup.py", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copyfile(ROOT / name, source / name)
    for built in source.rglob("*.so"):
        built.unlink()
    pip("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, source)
    (wheel,) = folder.glob("*.whl")
    pip("install", "--no-deps", "--target", folder / "installed", wheel)
    return folder / "installed"


@pytest.mark.parametrize("made", [a_copy, a_wheel])
def test_another_tree_and_a_wheel_change_nothing(
    made: Callable[[Path], Path], expected: tuple[str, str], tmp_path: Path
) -> None:
    packages = made(tmp_path / "packages")
    assert called(tmp_path, Surroundings(folder="run"), packages) == expected
