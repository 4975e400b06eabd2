"""The machine of a run: what of it can change the last digits of a number."""

from __future__ import annotations

import platform
from pathlib import Path

from forecasters.engines.native.library import available, isa


def machine() -> dict[str, str]:
    """Return system, kind and maker of the processor, and the build of the kernels in use.

    It enters no key. Two machines with the same entry give the same bits; others may round a network's last
    digits otherwise.
    """
    return {
        "system": platform.system(),
        "machine": platform.machine(),
        "processor": _maker(),
        "kernels": "none" if available() else isa(),
    }


def _maker() -> str:
    """Return the maker of the processor as Linux names it; elsewhere as Python does."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("vendor_id"))
    return next(named, "") or platform.processor() or "unknown"
