"""The clock that is moved is that of every caller, and of that process alone."""

import subprocess
import sys
import time

import pytest

from backtests.auditing.probes.clock import clock_library

PRINTS = """
import datetime, time
import numpy as np
print(time.time(), datetime.datetime.now().timestamp(), np.datetime64("now").astype(int), time.monotonic())
"""


@pytest.mark.skipif(clock_library() is None, reason="no C compiler, or no Linux")
def test_all_clocks_of_the_wall_move_and_that_of_waiting_does_not():
    moved = 86_400 * 100
    done = subprocess.run(
        [sys.executable, "-c", PRINTS],
        env={"LD_PRELOAD": str(clock_library()), "CLOCK_SECONDS": str(moved)},
        capture_output=True,
        text=True,
        check=True,
    )
    *walls, waiting = map(float, done.stdout.split())
    for wall in walls:
        assert wall - time.time() == pytest.approx(moved, abs=60)
    assert waiting == pytest.approx(time.monotonic(), abs=60)
