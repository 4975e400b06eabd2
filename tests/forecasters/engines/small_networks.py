"""Small networks and windows for the tests of the engines."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from torch import nn

from forecasters.engines.native import library
from forecasters.engines.native.training import NativeTraining
from forecasters.engines.schedule import Schedule
from forecasters.layers import LastStep, SoftsignLSTM, SoftsignRNN
from forecasters.preparation.windows import Windows

needs_kernels = pytest.mark.skipif(library.available() is not None, reason=str(library.available()))


def recurrent(kind: str, channels: int, hidden: int, depth: int) -> nn.Sequential:
    layer: nn.Module
    if kind == "softsign lstm":
        layer, depth = SoftsignLSTM(channels, hidden), 1
    elif kind == "softsign rnn":
        layer, depth = SoftsignRNN(channels, hidden), 1
    elif kind == "relu rnn":
        layer = nn.RNN(channels, hidden, depth, nonlinearity="relu", batch_first=True)
    else:
        cls = {"lstm": nn.LSTM, "rnn": nn.RNN, "gru": nn.GRU}[kind]
        layer = cls(channels, hidden, depth, batch_first=True)
    return nn.Sequential(layer, LastStep(), nn.Linear(hidden, 1))


def windows(count: int, lookback: int, channels: int, seed: int = 0) -> Windows:
    rng = np.random.default_rng(seed)
    X = rng.uniform(0, 1, (count, lookback, channels)).astype(np.float32)
    y = (X[:, -1, 0] - 0.5 * X[:, 0, -1] + 0.1 * rng.standard_normal(count)).astype(np.float32)
    days = np.datetime64("2015-01-01", "D") + np.arange(count)
    return Windows(X.astype(np.float64), y.astype(np.float64), np.full(count, 100.0), days)


def training(network: nn.Module, fit: Windows, batch: int = 32, **other: Any) -> NativeTraining:
    schedule = Schedule(5, batch, 1e-3, **other)
    return NativeTraining(network, fit, windows(7, *fit.X.shape[1:], seed=9), schedule, 77)
