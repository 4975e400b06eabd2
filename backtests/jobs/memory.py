"""Whether fits have room in memory, and whether they can be fitted at all, before anything is trained."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

import numpy as np

from forecasters.base import Forecaster
from forecasters.errors import InputError, method_of
from forecasters.walk_forward.fit import Fit

#: Files in which a container's limit stands: of the second and of the first version of cgroups.
LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
#: Settings that take time and no memory.
TIME = ("epochs", "patience", "architecture")
GIB = 2**30


def check_fits(fits: Sequence[Fit], jobs: int) -> None:
    """Refuse fits that cannot be run, each forecaster once.

    Raises
    ------
    InputError
        A fit needs more memory than there is, so do `jobs` of them at once, or the forecaster itself
        says that it cannot be fitted.
    """
    longest: dict[tuple[int, int], Fit] = {}
    for fit in fits:
        key = id(fit.forecaster), fit.channels
        if key not in longest or fit.rows_to_learn > longest[key].rows_to_learn:
            longest[key] = fit
    at_once = min(jobs, len(fits))
    for fit in longest.values():
        fit.check_sizes()
        forecaster = fit.forecaster
        # at first without building anything: too large a network must not be built to learn that
        for method in ("bytes_needed", "check_fit"):
            need: object = getattr(forecaster, method)(fit.rows_to_learn, fit.channels)
            if isinstance(need, bool) or not isinstance(need, int | np.integer) or need < 0:
                raise InputError(
                    f"{method_of(forecaster, method)} returned {need!r}; it must return the bytes of memory "
                    "that a fit needs, a whole number"
                )
            _check_room(forecaster, int(need), at_once)


def _check_room(forecaster: Forecaster, need: int, at_once: int) -> None:
    have = memory()
    if have is None:
        return
    if need > have:
        raise InputError(
            f"a fit of {forecaster.name} needs about {_size(need)} of memory, this machine has "
            f"{_size(have)}: lower {_largest(forecaster)}"
        )
    if need * at_once > have:
        raise InputError(
            f"{at_once} fits of {forecaster.name} at once need about {_size(need * at_once)} of memory, this "
            f"machine has {_size(have)}: --jobs {have // need}, or lower {_largest(forecaster)}"
        )


def memory() -> int | None:
    """Return the bytes of memory that this machine or its container has; None where it cannot be told."""
    known = []
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        known.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    for name in LIMITS:
        try:
            text = Path(name).read_text(encoding="ascii").strip()
        except OSError:  # no container, or another system
            continue
        if text.isdecimal():  # else "max"
            known.append(int(text))
    return min((size for size in known if size > 0), default=None)


def _size(number: int) -> str:
    return f"{number / GIB:,.1f} GiB" if number < 2**50 else f"{number / GIB:,.0f} GiB"


def _largest(forecaster: Forecaster) -> str:
    """Return the setting that is most likely too large, with its value."""
    values = {
        f.name: value
        for f in fields(forecaster)
        if f.name not in TIME
        and isinstance(value := getattr(forecaster, f.name), int)
        and not isinstance(value, bool)
    }
    name = max(values, key=lambda key: values[key])
    return f"{name} (it is {values[name]:,})"
