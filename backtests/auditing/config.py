"""The configuration of an audit: that of a run, with few and short folds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from backtests.command.config import RunConfig
from backtests.command.flag import Part, flag, override

#: Sessions to train on and to forecast from one training, and folds: a leak needs no more.
TRAIN_SIZE, STEP, FOLDS = 150, 40, 3
#: Epochs to look for a leak with, and to learn something with.
EPOCHS, SKILLED_EPOCHS = 3, 40


@dataclass(frozen=True, kw_only=True)
class AuditConfig(RunConfig):
    """Every value of an audit. It audits nothing that is not named."""

    command: ClassVar[str] = "audit"

    ticker: tuple[str, ...] = override(
        RunConfig,
        "ticker",
        (),
        "tickers to audit on (default: two simulated series, if no flag names other bars)",
    )
    forecaster: tuple[str, ...] = override(
        RunConfig,
        "forecaster",
        (),
        "forecasters to audit: names, names with settings (cnn:filters=64) or files (./my_gru.py)",
    )
    strategy: tuple[str, ...] = override(
        RunConfig,
        "strategy",
        (),
        "rules to audit: names, names with settings (five_percent:exit=touch) or files (./my_rule.py)",
    )
    train_size: int = override(
        RunConfig,
        "train_size",
        TRAIN_SIZE,
        f"sessions before the first forecast (default {TRAIN_SIZE}, or three times the longest lookback)",
    )
    step: int = override(RunConfig, "step", STEP)
    epochs: int | None = override(
        RunConfig,
        "epochs",
        None,
        f"passes through the training windows (default {EPOCHS}, and {SKILLED_EPOCHS} where something "
        "must be learned; one number sets both)",
    )
    quick: bool = flag(
        False,
        "fewer days, random walks and epochs: for a first look at your own forecaster",
        part=Part.OUTPUT,
        commands=("audit",),
    )
