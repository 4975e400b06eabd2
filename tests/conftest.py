"""What every test stands on: one thread, no screen, no network, no trace outside pytest's folder."""

import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

# Before torch or numpy is imported: two threads on two busy cores are far slower than one, and
# another number of threads may round otherwise.
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"
os.environ["MPLBACKEND"] = "agg"

# The same examples on every run: a test that fails by luck is no gate. With the slow tests come
# more examples of each drawn one.
settings.register_profile("gate", deadline=None, derandomize=True, max_examples=25)
settings.register_profile("all", deadline=None, derandomize=True, max_examples=100)


def pytest_configure(config: pytest.Config) -> None:
    """Choose the number of examples before a test file is read."""
    settings.load_profile("gate" if config.option.markexpr == "not slow" else "all")


@pytest.fixture(scope="session", autouse=True)
def _separate_folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Lead snapshots, caches and settings into pytest's folder; matplotlib keeps its font cache."""
    home = tmp_path_factory.mktemp("home")
    fonts = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "matplotlib"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MPLCONFIGDIR", os.environ.get("MPLCONFIGDIR") or str(fonts))
        for kind in ("CACHE", "CONFIG", "DATA", "STATE"):
            patch.setenv(f"XDG_{kind}_HOME", str(home / kind.lower()))
        yield


@pytest.fixture(scope="session", autouse=True)
def _simulated_once() -> Iterator[None]:
    """Grow each simulated series of a process once: from 1990 on, it takes a fifth of a second."""
    from backtests.sources import simulated

    grow = simulated._grow
    grown: dict[tuple[str, bytes], Any] = {}

    def grow_once(ticker: str, days: Any) -> Any:
        key = (ticker, days.tobytes())
        if key not in grown:
            grown[key] = grow(ticker, days)
            grown[key].flags.writeable = False
        return grown[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(simulated, "_grow", grow_once)
        yield


def _own_folders(base: Path) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BACKTESTS_DATA", str(base / f"ledger-{uuid.uuid4().hex}"))
        patch.setenv("BACKTESTS_STORE", str(base / f"store-{uuid.uuid4().hex}"))
        yield


@pytest.fixture(scope="module", autouse=True)
def _folders_of_the_file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Give the fixtures of each file a ledger and a store of their own: no trial, no fit of others counts."""
    yield from _own_folders(tmp_path_factory.getbasetemp())


@pytest.fixture(autouse=True)
def _folders_of_the_test(
    _folders_of_the_file: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """Give each test a ledger and a store of its own; a folder is made only if it is written."""
    yield from _own_folders(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="session", autouse=True)
def _no_network() -> Iterator[None]:
    """Send every request but those to this machine to a port where nobody listens."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("http_proxy", "https_proxy", "all_proxy"):
            patch.setenv(name, "http://127.0.0.1:9")
            patch.setenv(name.upper(), "http://127.0.0.1:9")
        for name in ("no_proxy", "NO_PROXY"):
            patch.setenv(name, "127.0.0.1,localhost")
        yield
