"""Which engine trains a network, and why."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from torch import nn

from forecasters.engines import torch as torch_engine
from forecasters.engines.native import engine as native_engine
from forecasters.engines.native.library import available
from forecasters.engines.native.training import why_not
from forecasters.engines.schedule import Schedule
from forecasters.engines.torch import Trained, alone
from forecasters.errors import InputError
from forecasters.preparation.windows import Windows


def train(
    engine: str,
    build: Callable[[], nn.Module],
    fit: Windows,
    validation: Windows,
    schedule: Schedule,
    rng: np.random.Generator,
    device: str = "cpu",
) -> tuple[Trained, str]:
    """Train by the engine that is named, or by the native one if it can; say which and why.

    Raises
    ------
    InputError
        ``native`` was asked for and cannot train this network here.
    """
    reason = reason_for_torch(engine, build, device)
    if not reason:
        return native_engine.train(build, fit, validation, schedule, rng), "native"
    if engine == "native":
        raise InputError(f"--engine native: {reason}; leave the flag out, and torch trains it")
    trained_by = "torch" if engine == "torch" else f"torch: {reason}"
    return torch_engine.train(build, fit, validation, schedule, rng, device), trained_by


def reason_for_torch(engine: str, build: Callable[[], nn.Module], device: str) -> str | None:
    """Return why torch trains this network; None where the kernels do."""
    if engine == "torch":
        return "it was asked for"
    if device != "cpu":
        return f"the device is {device}"
    if missing := available():
        return missing
    with alone(0):
        return why_not(build())
