"""The import contracts of setup.cfg hold, and each of them bites."""

import os
import re
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

#: A file, the line that is added to it, and the contract that this breaks. All stand in one copy of
#: the packages, which is read once; `N` is the number of the plant.
PLANTS = [
    ("strategies/planted_N.py", "import forecasters", RINGS),
    ("forecasters/inputs/planted_N.py", "import strategies", RINGS),
    ("forecasters/inputs/planted_N.py", "import backtests", RINGS),
    ("strategies/planted_N.py", "from backtests.account import result", RINGS),
    ("backtests/writing/planted_N.py", "from backtests.account import result", FLOORS),
    ("backtests/trials/planted_N.py", "import backtests.sources", FLOORS),
    ("backtests/list.py", "import backtests.run", FLOORS),
    ("backtests/new_room/__init__.py", "", FLOORS),
    ("forecasters/threads/planted_N.py", "import forecasters.bars", INNER_FLOORS),
    ("forecasters/new_room/__init__.py", "", INNER_FLOORS),
    ("backtests/account/trades.py", "import backtests.account.books", CIRCLES),
    ("strategies/rule.py", "import strategies.base", CIRCLES),
    ("forecasters/inputs/planted_N.py", "import urllib.request", INNER),
    ("forecasters/inputs/planted_N.py", "import pyarrow.parquet", INNER),
    ("strategies/planted_N.py", "import rich", INNER),
    ("backtests/judging/planted_N.py", "from backtests.writing import numbers", WORDS),
    ("backtests/writing/planted_N.py", "import yfinance", "One door: yfinance"),
    ("backtests/sources/planted_N.py", "import yfinance", "One door: yfinance"),
    ("backtests/writing/planted_N.py", "from curl_cffi import requests", "One door: yfinance"),
    ("backtests/writing/planted_N.py", "import quantstats", "One door: quantstats"),
    ("forecasters/inputs/planted_N.py", "import joblib", "One door: joblib"),
    ("backtests/writing/planted_N.py", "import arch.data.sp500", "One door: arch"),
    (
        "backtests/writing/planted_N.py",
        "def late():\n    from arch.bootstrap import SPA",
        "One door: arch",
    ),
    ("backtests/judging/planted_N.py", "from scipy.stats import t", "One door: scipy"),
    ("forecasters/inputs/planted_N.py", "def late():\n    import scipy", "One door: scipy"),
    ("forecasters/bars.py", "import torch", "One door: torch"),
    ("backtests/writing/planted_N.py", "def late():\n    import torch.nn", "One door: torch"),
    ("forecasters/inputs/planted_N.py", "import backtrader", "One door: backtrader"),
    ("backtests/writing/planted_N.py", "import backtrader", "One door: backtrader"),
    ("backtests/writing/planted_N.py", "import matplotlib.pyplot", "One door: matplotlib"),
    ("forecasters/inputs/planted_N.py", "import sklearn", "One door: sklearn and statsmodels"),
    (
        "backtests/writing/planted_N.py",
        "import statsmodels.api",
        "One door: sklearn and statsmodels",
    ),
    (
        "backtests/writing/planted_N.py",
        "from safetensors import safe_open",
        "One door: safetensors",
    ),
    ("forecasters/models/planted_N.py", "import threadpoolctl", "One door: threadpoolctl"),
    ("forecasters/features.py", "import talib", "One door: talib"),
]

LINT = "from importlinter.cli import lint_imports_command as lint; lint()"


def lint_imports(tree: Path) -> subprocess.CompletedProcess[str]:
    """Return how lint-imports ended on the packages in this tree."""
    return subprocess.run(
        [sys.executable, "-c", LINT, "--no-cache", "--no-logo"],
        cwd=tree,
        env={**os.environ, "COLUMNS": "200", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Return a copy of the packages that may be spoilt."""
    return copy_packages(tmp_path)


def copy_packages(tree: Path) -> Path:
    shutil.copy(ROOT / "setup.cfg", tree)
    for package in PACKAGES:
        ignored = shutil.ignore_patterns("__pycache__", "*.so")
        shutil.copytree(ROOT / package, tree / package, ignore=ignored)
    return tree


def plant(tree: Path, file: str, line: str) -> str:
    """Add a line to a file of the tree; return the name of its module."""
    path = tree / file
    path.parent.mkdir(exist_ok=True)
    with path.open("a", encoding="utf-8") as module:
        module.write(f"\n{line}\n")
    return ".".join(Path(file.removesuffix("/__init__.py")).with_suffix("").parts)


def test_contracts_hold() -> None:
    done = lint_imports(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """Return, for each planted module, the contracts whose list of offenders names it."""
    tree = copy_packages(tmp_path_factory.mktemp("planted"))
    modules = [
        plant(tree, file.replace("_N", f"_{number}"), line)
        for number, (file, line, _) in enumerate(PLANTS)
    ]
    done = lint_imports(tree)
    assert done.returncode == 1, done.stdout + done.stderr
    _, _, report = done.stdout.partition("Broken contracts\n")
    offenders: dict[str, set[str]] = {module: set() for module in modules}
    for name, body in re.findall(r"^(.+)\n-{4,}\n((?:.*\n(?!.+\n-{4,}\n))*)", report, re.MULTILINE):
        # "- forecasters.bars -> torch (l.9)", "- .rule -> .base (1 import)", "- backtests.new_room"
        for importer in re.findall(r"^- +(\S+)", body, re.MULTILINE):
            for module in modules:
                if module == importer or (importer.startswith(".") and module.endswith(importer)):
                    offenders[module].add(name)
    return offenders


@pytest.mark.parametrize("number", range(len(PLANTS)), ids=lambda n: f"{PLANTS[n][0]}-{n}")
def test_a_planted_import_breaks_its_contract_and_no_other(
    broken: dict[str, set[str]], number: int
) -> None:
    assert list(broken.values())[number] == {PLANTS[number][2]}


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
    assert names == {contract for _, _, contract in PLANTS}
