"""The import contracts of setup.cfg hold, and each of them bites."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("backtests", "forecasters", "strategies")
RINGS = "Three rings: backtests composes, strategies and forecasters never meet"
FLOORS = "Floors of backtests: imports go down"
INNER_FLOORS = "Floors of forecasters: imports go down"
CIRCLES = "No circle, in any package"
INNER = "Inner rings: no input or output, no screen, no network"
WORDS = "Numbers and words apart: what judges does not format"

LINT = "from importlinter.cli import lint_imports_command as lint; lint()"


def lint_imports(tree: Path) -> subprocess.CompletedProcess[str]:
    """Return how lint-imports ended on the packages in this tree."""
    return subprocess.run(
        [sys.executable, "-c", LINT, "--no-cache", "--no-logo"],
        cwd=tree,
        env={**os.environ, "COLUMNS": "200", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Return a copy of the packages that may be spoilt."""
    shutil.copy(ROOT / "setup.cfg", tmp_path)
    for package in PACKAGES:
        shutil.copytree(
            ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    return tmp_path


def plant(tree: Path, file: str, line: str) -> None:
    (tree / file).parent.mkdir(exist_ok=True)
    with (tree / file).open("a", encoding="utf-8") as module:
        module.write(f"\n{line}\n")


def test_contracts_hold() -> None:
    done = lint_imports(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("file", "line", "contract"),
    [
        ("strategies/planted.py", "import forecasters", RINGS),
        ("forecasters/inputs/planted.py", "import strategies", RINGS),
        ("forecasters/inputs/planted.py", "import backtests", RINGS),
        ("strategies/planted.py", "from backtests.account import result", RINGS),
        ("backtests/writing/planted.py", "from backtests.account import result", FLOORS),
        ("backtests/trials/planted.py", "import backtests.sources", FLOORS),
        ("backtests/list.py", "import backtests.run", FLOORS),
        ("backtests/new_room/__init__.py", "", FLOORS),
        ("forecasters/threads/planted.py", "import forecasters.bars", INNER_FLOORS),
        ("forecasters/new_room/__init__.py", "", INNER_FLOORS),
        ("backtests/account/trades.py", "import backtests.account.books", CIRCLES),
        ("strategies/rule.py", "import strategies.base", CIRCLES),
        ("forecasters/inputs/planted.py", "import urllib.request", INNER),
        ("forecasters/inputs/planted.py", "import pyarrow.parquet", INNER),
        ("strategies/planted.py", "import rich", INNER),
        ("backtests/judging/planted.py", "from backtests.writing import numbers", WORDS),
        ("backtests/writing/planted.py", "import yfinance", "One door: yfinance"),
        ("backtests/sources/planted.py", "import yfinance", "One door: yfinance"),
        ("backtests/writing/planted.py", "from curl_cffi import requests", "One door: yfinance"),
        ("backtests/writing/planted.py", "import quantstats", "One door: quantstats"),
        ("forecasters/inputs/planted.py", "import joblib", "One door: joblib"),
        ("backtests/writing/planted.py", "import arch.data.sp500", "One door: arch"),
        (
            "backtests/writing/planted.py",
            "def late():\n    from arch.bootstrap import SPA",
            "One door: arch",
        ),
        ("forecasters/bars.py", "import torch", "One door: torch"),
        ("backtests/writing/planted.py", "def late():\n    import torch.nn", "One door: torch"),
        ("forecasters/inputs/planted.py", "import backtrader", "One door: backtrader"),
        ("backtests/writing/planted.py", "import backtrader", "One door: backtrader"),
        ("backtests/writing/planted.py", "import matplotlib.pyplot", "One door: matplotlib"),
        ("forecasters/inputs/planted.py", "import sklearn", "One door: sklearn and statsmodels"),
        (
            "backtests/writing/planted.py",
            "import statsmodels.api",
            "One door: sklearn and statsmodels",
        ),
        (
            "backtests/writing/planted.py",
            "from safetensors import safe_open",
            "One door: safetensors",
        ),
        ("forecasters/models/planted.py", "import threadpoolctl", "One door: threadpoolctl"),
        ("forecasters/features.py", "import talib", "One door: talib"),
    ],
)
def test_a_planted_import_breaks_its_contract(
    tree: Path, file: str, line: str, contract: str
) -> None:
    plant(tree, file, line)
    done = lint_imports(tree)
    assert done.returncode == 1, done.stdout + done.stderr
    assert f"{contract} BROKEN" in done.stdout
    assert done.stdout.count(" BROKEN") == 1


def test_a_door_and_an_import_for_types_alone_are_open(tree: Path) -> None:
    plant(tree, "forecasters/models/planted.py", "import torch")
    plant(tree, "strategies/planted.py", "import backtrader")
    plant(tree, "backtests/statistics/planted.py", "def late():\n    import arch")
    guarded = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import torch"
    plant(tree, "forecasters/inputs/planted.py", guarded)
    done = lint_imports(tree)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_door_has_been_planted_against() -> None:
    """A contract added to setup.cfg without a planted violation is not known to bite."""
    text = (ROOT / "setup.cfg").read_text(encoding="utf-8")
    names = {
        line.removeprefix("name = ")
        for section in text.split("[importlinter:contract:")[1:]
        for line in section.splitlines()
        if line.startswith("name = ")
    }
    (marker,) = test_a_planted_import_breaks_its_contract.pytestmark
    assert names == {contract for _, _, contract in marker.args[1]}
