"""A fit: one ticker, one fold, one forecaster, one seed. An independent job."""

from __future__ import annotations

import hashlib
from copy import deepcopy
from dataclasses import dataclass, field

import numpy as np

from forecasters.bars import Flags, Floats
from forecasters.base import Forecaster
from forecasters.features import Features
from forecasters.folds import Fold
from forecasters.threads import one_thread
from forecasters.windows import cut_windows


@dataclass(frozen=True, eq=False)
class Fitted:
    """What a fit leaves: forecast closes [M] of its test rows and the losses by epoch [E]."""

    close: Floats
    outside: Flags
    train_loss: Floats = field(default_factory=lambda: np.empty(0))
    validation_loss: Floats = field(default_factory=lambda: np.empty(0))


@dataclass(frozen=True, eq=False)
class Fit:
    """A job that shares no number with any other: its answer cannot depend on what else runs."""

    features: Features
    fold: Fold
    forecaster: Forecaster
    seed: int = 0

    @property
    def cost(self) -> float:
        """Roughly how much work this is."""
        return self.forecaster.cost(len(self.fold.fit))

    def generator(self) -> np.random.Generator:
        """Return the generator of this fit, from seed, ticker, forecaster and fold.

        Settings do not enter: all points of a grid start from common random numbers.
        """
        words = f"{self.seed}|{self.features.ticker}|{self.forecaster.name}|{self.fold.name}"
        digest = hashlib.sha256(words.encode()).digest()
        return np.random.Generator(np.random.PCG64(int.from_bytes(digest, "big")))

    def run(self) -> Fitted:
        """Cut the windows, fit a fresh copy of the forecaster, forecast the test rows.

        On one thread, whatever the libraries behind the forecaster would take: how many there are
        changes the order of a sum and so its last bits.
        """
        with one_thread():
            return self._run()

    def _run(self) -> Fitted:
        model = deepcopy(self.forecaster)
        windows = cut_windows(self.features, self.fold, model.lookback, model.target, model.scaler)
        model.fit(windows.fit, windows.validation, self.generator())
        return Fitted(
            windows.close(model.predict(windows.test)),
            windows.outside,
            np.asarray(getattr(model, "train_loss_", ()), dtype=np.float64),
            np.asarray(getattr(model, "validation_loss_", ()), dtype=np.float64),
        )
