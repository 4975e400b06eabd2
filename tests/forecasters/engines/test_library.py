"""Which build of the kernels is used, and which is not."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from forecasters.engines.native import library
from tests.forecasters.engines.small_networks import needs_kernels


@needs_kernels
def test_a_build_of_other_sources_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    library._load.cache_clear()
    monkeypatch.setattr(library, "_digest", lambda: "of other sources")
    try:
        assert "built from other sources" in str(library.available())
    finally:
        library._load.cache_clear()


@needs_kernels
def test_a_checkout_without_builds_uses_the_installed_ones(tmp_path: Path) -> None:
    """As after `pip install .`, when Python is started in the checkout."""
    package = Path(library.__file__).parents[2]
    shutil.copytree(package, tmp_path / "forecasters", ignore=shutil.ignore_patterns("*.so"))
    code = "from forecasters.engines.native import library as l; print(l.__file__, l.available())"
    path = os.pathsep.join([str(tmp_path), str(package.parent)])
    told = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": path},
        cwd=tmp_path, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert told.startswith(str(tmp_path)) and told.endswith(" None\n")
