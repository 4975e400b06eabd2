"""What holds for every source."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import MISSING, fields, is_dataclass
from importlib import import_module
from pathlib import Path

import pytest

from backtests.sources.source import SourceBusy, SourceUnreachable
from forecasters.errors import Error, InputError

ROOT = Path(__file__).resolve().parents[3]
NAMES = {
    "yahoo": "Yahoo", "csv": "CsvFolder", "bundled": "Bundled", "simulated": "Simulated",
    "auto": "Auto",
}  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_module_has_one_public_class_that_fetches(name: str) -> None:
    module = import_module(f"backtests.sources.{name}")
    found = [
        key
        for key, value in vars(module).items()
        if isinstance(value, type)
        and value.__module__ == module.__name__
        and hasattr(value, "fetch")
        and not key.startswith("_")
    ]
    assert found == [NAMES[name]]
    source = getattr(module, found[0])
    assert is_dataclass(source)
    assert all(f.default is not MISSING or f.default_factory is not MISSING for f in fields(source))


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_span_is_refused_by_all(name: str) -> None:
    source = getattr(import_module(f"backtests.sources.{name}"), NAMES[name])()
    with pytest.raises(InputError, match="is not before end"):
        source.fetch("X", "2020-01-01", "2020-01-01")


def test_the_exit_codes() -> None:
    assert (SourceUnreachable.exit_code, SourceBusy.exit_code) == (69, 75)
    assert not issubclass(SourceUnreachable, InputError)
    assert issubclass(SourceBusy, Error)


def test_importing_the_sources_loads_no_heavy_library() -> None:
    code = (
        "import sys\n"
        + "".join(f"import backtests.sources.{name}\n" for name in NAMES)
        + "heavy = {'yfinance', 'arch', 'curl_cffi', 'pyarrow', 'scipy'} & set(sys.modules)\n"
        + "sys.exit(', '.join(sorted(heavy)) or 0)\n"
    )
    # pandas itself imports pyarrow where it is installed.
    code = code.replace(", 'pyarrow'", "")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
