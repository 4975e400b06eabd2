"""What a page of rules alone would not keep: light imports, short files, mirrored tests, one version."""

import configparser
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TESTS = ROOT / "tests"
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


@pytest.mark.parametrize("package", ["backtests", "forecasters", "strategies"])
def test_each_folder_of_tests_is_a_folder_of_the_product(package: str) -> None:
    """Whoever changes a package must find its tests under the same path."""
    folders = {file.parent.relative_to(TESTS) for file in (TESTS / package).rglob("test_*.py")}
    assert Path(package) in folders or len(folders) > 1
    assert [str(folder) for folder in sorted(folders) if not (ROOT / folder).is_dir()] == []


def test_the_newest_heading_of_the_changelog_is_the_version() -> None:
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    heading = re.search(r"^## \[?(\d+\.\d+\.\d+)", changelog, flags=re.MULTILINE)
    assert heading is not None, "CHANGELOG.md has no heading '## X.Y.Z'"
    assert heading[1] == setup["metadata"]["version"]
