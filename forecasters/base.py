"""What every forecaster is: fit on windows, answer for windows."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Self

import numpy as np

from forecasters.bars import Floats
from forecasters.errors import InputError
from forecasters.scaling import SCALERS
from forecasters.windows import TARGETS, Windows


@dataclass(kw_only=True)
class Forecaster(ABC):
    """Base of all forecasters: a dataclass of settings; what is learned ends in an underscore.

    Attributes
    ----------
    lookback : int
        Sessions in a window, the newest one included.
    target : str
        ``close``, the price itself as in the sources, or ``return``, the log return.
    scaler : str
        ``minmax``, ``together`` (prices share a range), ``standard`` or ``none``; fitted on the fit
        rows of each fold.
    """

    lookback: int = 1
    target: str = "close"
    scaler: str = "minmax"

    #: False when every seed gives the same answer: it is then fitted once.
    stochastic: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if self.lookback < 1:
            raise InputError(
                f"{self.name} has lookback {self.lookback}; a window holds at least 1 session"
            )
        if self.target not in TARGETS:
            raise InputError(f"{self.name} has target '{self.target}'; known: {', '.join(TARGETS)}")
        if self.scaler not in SCALERS:
            raise InputError(f"{self.name} has scaler '{self.scaler}'; known: {', '.join(SCALERS)}")

    @property
    def name(self) -> str:
        """The name on the command line, which is the name of the file."""
        return type(self).__module__.rpartition(".")[2].partition("@")[0]

    def get_params(self) -> dict[str, Any]:
        """Return the settings by name."""
        return asdict(self)

    @abstractmethod
    def fit(self, windows: Windows, validation: Windows, rng: np.random.Generator) -> Self:
        """Learn from `windows`, watch `validation`, draw every random number from `rng`.

        `validation` may be empty. The rows of both lie before every row that will be predicted.
        """

    @abstractmethod
    def predict(self, windows: Windows) -> Floats:
        """Return the scaled target [M] for windows [M, L, C]; each row from its own window alone."""

    def cost(self, rows: int) -> float:
        """Return roughly how much work a fit on `rows` windows is: long fits start first."""
        return float(rows)
