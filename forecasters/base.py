"""The base of every forecaster: it is fitted on windows and predicts for windows."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from forecasters.bars import Floats
from forecasters.errors import Error, InputError
from forecasters.preparation.limits import INT32, check_number, check_whole
from forecasters.preparation.preprocessing import Preprocessing
from forecasters.preparation.windows import Windows
from forecasters.preset import Preset


@dataclass(kw_only=True)
class Forecaster(ABC):
    """Base of all forecasters: a dataclass of settings; what is learned ends in an underscore.

    Attributes
    ----------
    lookback, target, scaler, clip, reduction, components
        How inputs and target are prepared in each fold: see `Preprocessing`.
    pooled : bool
        One model for all tickers of a run, which then needs several tickers; each ticker keeps its
        scalers. Otherwise there is one model for each ticker.
    """

    lookback: int = 1
    target: str = "close"
    scaler: str = "minmax"
    clip: float | None = None
    reduction: str = "pca"
    components: int | None = None
    pooled: bool = False

    #: False when every seed gives the same answer: it is then fitted once.
    stochastic: ClassVar[bool] = True

    #: False where a model of several tickers means nothing.
    poolable: ClassVar[bool] = True

    #: Name to settings that a source printed: ``cnn:preset=s3``.
    presets: ClassVar[Mapping[str, Preset]] = {}

    def __post_init__(self) -> None:
        check_whole(self.name, "lookback", self.lookback, 1, INT32)
        if self.components is not None:
            check_whole(self.name, "components", self.components, 1, INT32)
        if self.clip is not None:
            check_number(self.name, "clip", self.clip)
        try:
            self.preprocessing  # noqa: B018 - made for its checks
        except InputError as error:
            raise InputError(f"{self.name}: {error}") from error
        if self.pooled and not self.poolable:
            raise InputError(f"{self.name} cannot be pooled: there is one for each ticker")

    @property
    def preprocessing(self) -> Preprocessing:
        """How inputs and target are prepared."""
        return Preprocessing(**{f.name: getattr(self, f.name) for f in fields(Preprocessing)})

    @property
    def name(self) -> str:
        """The name on the command line, which is the name of the file; its folder is no part of it.

        Random numbers are drawn from it.
        """
        return type(self).__module__.rpartition(".")[2].partition("@")[0]

    def get_params(self) -> dict[str, Any]:
        """Return the settings by name."""
        return asdict(self)

    @abstractmethod
    def fit(self, windows: Windows, validation: Windows, rng: np.random.Generator) -> Self:
        """Learn from `windows`, watch `validation`, and draw every random number from `rng`.

        Parameters
        ----------
        windows, validation : Windows
            Scaled inputs [N, L, C] with their targets [N]. `validation` may be empty. The rows of
            both lie before every row that will be predicted.
        rng : numpy.random.Generator
            Made for this fit alone.

        Returns
        -------
        Self
            None counts as this object too; anything else is refused.
        """

    @abstractmethod
    def predict(self, windows: Windows) -> Floats:
        """Return the scaled target [M] for windows [M, L, C]; no row depends on a later window.

        Windows come in the order of their days. A row may also use the windows before it, whose
        closes are known by then; an audit reports that.

        The answer is an array of finite real numbers, float64 or any other width, or a list of them.
        Nothing else is taken: no column [M, 1], no Series, no tensor, no complex numbers.
        """

    def in_threads(self, channels: int) -> bool:
        """Return whether fits on so many inputs may run side by side in threads of one process.

        False where a library keeps a state for the whole process (a number of threads, a random
        generator) or holds the interpreter's lock: such fits run in separate processes.
        """
        return False

    def check_fit(self, rows: int, channels: int) -> int:
        """Refuse what cannot be fitted on such windows, before anything is trained.

        Returns
        -------
        int
            Roughly how much memory a fit on `rows` windows of so many channels needs, in bytes.

        Raises
        ------
        InputError
            It cannot be fitted.
        """
        return self.bytes_needed(rows, channels)

    def bytes_needed(self, rows: int, channels: int) -> int:
        """Return roughly how much memory is needed before training, in bytes: at least the windows."""
        return 3 * 8 * rows * self.lookback * channels  # float64, and copies of them

    def state(self) -> dict[str, NDArray[Any]]:
        """Return all that was learned as arrays by name, for a file.

        After `restore` a new instance must forecast the same, bit for bit: a run that finds a fit in the store
        and has new rows to forecast trains nothing then. A class that does not write this method is
        trained again instead.
        """
        return {}

    def restore(self, state: Mapping[str, NDArray[Any]], channels: int) -> Self:
        """Restore what `state` returned, for windows of so many channels.

        Raises
        ------
        Error
            The forecaster cannot be restored.
        """
        raise Error(f"{self.name} cannot be restored from a file")

    @classmethod
    def restorable(cls) -> bool:
        """Return whether `state` and `restore` were written for the `fit` and `predict` of this class.

        False where a class writes another `fit` or `predict` and inherits `state`: what they learn beside it
        would be lost.
        """

        def depth(method: str) -> int:
            return next(n for n, base in enumerate(cls.__mro__) if method in vars(base))

        written = max(depth("state"), depth("restore"))
        return cls.__mro__[written] is not Forecaster and written <= min(
            depth("fit"), depth("predict")
        )

    def cost(self, rows: int) -> float:
        """Return roughly how much work a fit on `rows` windows is: long fits start first."""
        return float(rows)
