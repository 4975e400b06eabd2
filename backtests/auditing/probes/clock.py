"""A library that moves the clock of a child process, built by the machine's C compiler."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from functools import lru_cache
from pathlib import Path

#: The dynamic linker takes these functions before those of the C library, for every caller: `time`,
#: `datetime`, numpy and pandas too. Clocks that count from the start of the machine stay as they are,
#: since waiting depends on them.
SOURCE = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

static volatile long long moved = 0;

__attribute__((constructor)) static void begin(void) {
    const char *text = getenv("CLOCK_SECONDS");
    if (text) moved = atoll(text);
}

void move_clock(long long seconds) { moved = seconds; }

int clock_gettime(clockid_t id, struct timespec *at) {
    static int (*real)(clockid_t, struct timespec *) = NULL;
    if (!real) real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int code = real(id, at);
    if (code == 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)) at->tv_sec += moved;
    return code;
}

time_t time(time_t *into) {
    struct timespec at;
    clock_gettime(CLOCK_REALTIME, &at);
    if (into) *into = at.tv_sec;
    return at.tv_sec;
}

int gettimeofday(struct timeval *at, void *zone) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (at) {
        at->tv_sec = now.tv_sec;
        at->tv_usec = now.tv_nsec / 1000;
    }
    return 0;
}
"""
#: Without one of these the clock is not moved, and the audit says so.
COMPILERS = ("cc", "gcc", "clang")


@lru_cache(maxsize=1)
def clock_library() -> Path | None:
    """Return the library; None where it cannot be built: no Linux, or no compiler."""
    compiler = next(filter(None, map(shutil.which, COMPILERS)), None)
    if compiler is None or sys.platform != "linux":
        return None
    folder = _folder()
    source, built = Path(folder.name, "clock.c"), Path(folder.name, "clock.so")
    source.write_text(SOURCE)
    done = subprocess.run(
        [compiler, "-shared", "-fPIC", "-O1", "-o", str(built), str(source), "-ldl"],
        capture_output=True,
        check=False,
    )
    return built if done.returncode == 0 else None


@lru_cache(maxsize=1)
def _folder() -> tempfile.TemporaryDirectory[str]:
    """Return a folder that is removed when this process ends."""
    return tempfile.TemporaryDirectory(prefix="clock-")
