"""One small run for the tests of what is read back from a folder and drawn from it."""

from __future__ import annotations

import pytest

from tests.backtests.runs.made_run import Made, make_run


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Return the folder of a small run with a benchmark, and what it was written from."""
    return make_run(tmp_path_factory.mktemp("made"))
