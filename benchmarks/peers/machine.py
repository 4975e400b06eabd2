"""What is measured on: processor, caches, memory, system, and the state of this checkout."""

import os
import platform
import subprocess
from pathlib import Path

CPU = Path("/sys/devices/system/cpu/cpu0/cache")
LEVELS = (("avx512f", "AVX-512"), ("avx2", "AVX2"))


def describe(root: Path) -> dict[str, str]:
    """Return it in words; `root` is the checkout."""
    info = Path("/proc/cpuinfo").read_text()
    fields = dict(
        (part.strip() for part in line.split(":", 1)) for line in info.splitlines() if ":" in line
    )
    flags = fields.get("flags", "").split()
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "processor": fields.get("model name", platform.machine()),
        "family": f"{fields.get('cpu family', '?')}.{fields.get('model', '?')}",
        "vectors": next(
            (name for flag, name in LEVELS if flag in flags), "neither AVX2 nor AVX-512"
        ),
        "cores": str(len(os.sched_getaffinity(0))),
        "second-level cache": _cache(2),
        "memory": f"{pages / 2**30:.0f} GiB",
        "system": platform.platform(),
        "python": platform.python_version(),
        "commit": _git(root, "rev-parse", "--short", "HEAD"),
        "changed files": _git(root, "status", "--porcelain", "--untracked-files=no").replace(
            "\n", ", "
        )
        or "none",
    }


def _cache(level: int) -> str:
    for index in sorted(CPU.glob("index*")):
        if (index / "level").read_text().strip() == str(level):
            return (index / "size").read_text().strip()
    return "?"


def _git(root: Path, *words: str) -> str:
    done = subprocess.run(["git", "-C", root, *words], capture_output=True, text=True)
    return done.stdout.strip() if done.returncode == 0 else "?"
