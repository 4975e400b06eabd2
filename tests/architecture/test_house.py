"""What a page of rules alone would not keep: light imports, short files, one version."""

import configparser
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = {"arch", "matplotlib", "pyarrow", "quantstats", "scipy", "talib", "torch", "yfinance"}
MODULES = sorted(
    path.relative_to(ROOT).as_posix()
    for package in ("backtests", "forecasters", "strategies")
    for path in (ROOT / package).rglob("*.py")
)


@pytest.mark.parametrize("module", ["forecasters", "strategies", "backtests", "backtests.__main__"])
def test_import_is_light(module: str) -> None:
    """Heavy libraries take seconds to import: `--help` and a misspelt flag must not wait."""
    code = f"import sys, {module}; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert not HEAVY & set(done.stdout.split())


@pytest.mark.parametrize("file", MODULES)
def test_a_file_has_at_most_400_lines(file: str) -> None:
    assert len((ROOT / file).read_text(encoding="utf-8").splitlines()) <= 400


@pytest.mark.parametrize("folder", sorted({str(Path(file).parent) for file in MODULES}))
def test_a_folder_has_at_most_20_files(folder: str) -> None:
    assert len(list((ROOT / folder).glob("*.py"))) <= 20


def test_the_newest_heading_of_the_changelog_is_the_version() -> None:
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    heading = re.search(r"^## \[?(\d+\.\d+\.\d+)", changelog, flags=re.MULTILINE)
    assert heading is not None, "CHANGELOG.md has no heading '## X.Y.Z'"
    assert heading[1] == setup["metadata"]["version"]
