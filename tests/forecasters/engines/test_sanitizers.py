"""The kernels stay inside the memory they asked for and do nothing that C++ leaves undefined."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

import forecasters.engines.native

SOURCE = Path(forecasters.engines.native.__file__).parent / "source"
DRIVER = Path(__file__).parent / "driver.cpp"
COMPILER = shutil.which("g++") or shutil.which("clang++")
BUILDS = {"portable": [], "avx2": ["-mavx2", "-mfma"]}


@pytest.mark.slow
@pytest.mark.skipif(COMPILER is None, reason="no C++ compiler here")
@pytest.mark.parametrize("build", BUILDS)
def test_address_and_undefined_behaviour_sanitizers_are_silent(build: str, tmp_path: Path) -> None:
    program = tmp_path / "driver"
    flags = ["-std=c++17", "-O1", "-g", "-ffp-contract=off", "-fno-sanitize-recover=all"]
    made = subprocess.run(
        [
            str(COMPILER), *flags, "-fsanitize=address,undefined", *BUILDS[build], f"-I{SOURCE}",
            str(SOURCE / "network.cpp"), str(DRIVER), "-o", str(program),
        ],
        capture_output=True, text=True,
    )  # fmt: skip
    if "cannot find" in made.stderr and "san" in made.stderr:
        pytest.skip("the compiler has no sanitizer libraries here")
    assert made.returncode == 0, made.stderr
    done = subprocess.run([str(program)], capture_output=True, text=True)
    if done.returncode < 0 and build != "portable":
        pytest.skip("this processor has no AVX2")
    assert done.returncode == 0, done.stderr + done.stdout
    assert "every network learned" in done.stdout
