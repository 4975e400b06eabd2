"""A fit: one fold, one forecaster, one seed. An independent job."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from forecasters.bars import Flags, Floats
from forecasters.base import Forecaster
from forecasters.errors import InputError, told
from forecasters.features import Features
from forecasters.preparation.preprocessing import Transform
from forecasters.preparation.windows import join
from forecasters.threads.limit import one_thread
from forecasters.walk_forward.answers import (
    check_fitted,
    checked_state,
    kept_epoch,
    learned_losses,
    predicted,
)
from forecasters.walk_forward.fold_windows import FoldWindows, cut_windows
from forecasters.walk_forward.folds import Fold

#: Windows to fit on whose answers a restored model must repeat, where there are none to validate.
TRIED = 64


@dataclass(frozen=True, eq=False)
class Fitted:
    """What a fit leaves.

    Attributes
    ----------
    close : float64, shape [M]
        Forecast closes of the test rows.
    outside : bool, shape [M]
        Test rows with an input outside the range of the fit rows.
    centre : float64, shape [P]
        Mean forecast return of the validation windows of each part; NaN where a part has none.
    train_loss, validation_loss : float64, shape [E]
        By epoch; empty for a forecaster without epochs.
    kept : int
        The epoch, from 1, whose weights were kept; 0 without epochs.
    outliers : float
        Share of the fit rows with an outlier among the inputs.
    engine : str
        What trained a network: ``native``, or ``torch`` and why; empty for other forecasters.
    inside : float64, shape [K]
        Forecast closes of the fit rows and then of the validation rows of each part, NaN where a
        row has no window or is a halt. Empty unless `Fit.inside` is set. The model was trained on
        the fit rows and watched on the validation rows: neither shows skill.
    """

    close: Floats
    outside: Flags
    centre: Floats
    train_loss: Floats = field(default_factory=lambda: np.empty(0))
    validation_loss: Floats = field(default_factory=lambda: np.empty(0))
    kept: int = 0
    outliers: float = 0.0
    engine: str = ""
    inside: Floats = field(default_factory=lambda: np.empty(0))


@dataclass(frozen=True, eq=False)
class Learned:
    """All that a forecast needs of a fit, for a file.

    Attributes
    ----------
    state : dict
        What the forecaster learned, from its method `state`.
    transforms : dict
        Ticker to its fitted scalers.
    whole : bool
        A new forecaster with this state forecast the test rows and rows before them again and gave the same
        closes, bit for bit.
    why_not : str
        Why it is not whole, in a sentence, where the class promises that it is; or that `state` failed.
    """

    state: dict[str, NDArray[Any]]
    transforms: dict[str, Transform]
    whole: bool = False
    why_not: str = ""


@dataclass(frozen=True, eq=False)
class Part:
    """One ticker's rows in a fit."""

    features: Features
    fold: Fold


@dataclass(frozen=True, eq=False)
class Fit:
    """A job that shares no number with any other: its answer cannot depend on what else runs.

    Attributes
    ----------
    parts : tuple of Part
        One, or with a pooled forecaster one for each ticker, in the order of their names: they
        are trained on together, each scaled by the fit rows of its ticker.
    inside : bool
        Forecast the fit rows and the validation rows too.
    """

    parts: tuple[Part, ...]
    forecaster: Forecaster
    seed: int = 0
    inside: bool = False

    def __post_init__(self) -> None:
        tickers = [part.features.ticker for part in self.parts]
        if not tickers or tickers != sorted(set(tickers)):
            raise InputError(f"the parts of a fit are {tickers}; give each ticker once, in order")

    @property
    def name(self) -> np.datetime64:
        """The date of the fold's first test session."""
        return self.parts[0].fold.name

    @property
    def rows(self) -> int:
        """Number of rows to forecast."""
        return sum(len(part.fold.test) for part in self.parts)

    def share(self, ticker: str) -> tuple[Part, slice] | None:
        """Return the part of this ticker and where its rows lie in the answer; None: it has none."""
        start = 0
        for part in self.parts:
            stop = start + len(part.fold.test)
            if part.features.ticker == ticker:
                return part, slice(start, stop)
            start = stop
        return None

    @property
    def cost(self) -> float:
        """Roughly how much work this is."""
        return self.forecaster.cost(sum(len(part.fold.fit) for part in self.parts))

    @property
    def channels(self) -> int:
        """Number of inputs that the forecaster sees."""
        return self.forecaster.components or self.parts[0].features.X.shape[1]

    @property
    def rows_to_learn(self) -> int:
        """Number of rows to fit on and to watch."""
        return sum(len(part.fold.fit) + len(part.fold.validation) for part in self.parts)

    def check_sizes(self) -> None:
        """Refuse more components than inputs, and windows longer than all sessions to fit on.

        Raises
        ------
        InputError
            The forecaster has such a setting.
        """
        name, lookback = self.forecaster.name, self.forecaster.lookback
        inputs = self.parts[0].features.X.shape[1]
        if (self.forecaster.components or 0) > inputs:
            raise InputError(
                f"{name} has components {self.forecaster.components}, and there are {inputs} inputs: give at "
                f"most {inputs}"
            )
        sessions = max(part.fold.fit.stop for part in self.parts)
        if lookback > sessions:
            raise InputError(
                f"{name} has lookback {lookback}, and the fold {self.name} has {sessions} sessions to fit on: "
                "lower lookback or raise --train-size"
            )

    @property
    def in_threads(self) -> bool:
        """Whether it may run beside others in threads of one process."""
        return self.forecaster.in_threads(self.channels)

    @property
    def watched(self) -> int:
        """Number of validation rows."""
        return sum(len(part.fold.validation) for part in self.parts)

    def refit(self, fitted: Fitted) -> Fit:
        """Return the same fit on its fit and validation rows together, watching none.

        Seed, settings and random generator stay the same; scalers are fitted on all those rows. With
        `patience` it trains for as many epochs as the first fit kept, because nothing is left that
        could stop it.

        Parameters
        ----------
        fitted : Fitted
            What this fit left.

        Raises
        ------
        InputError
            The forecaster has `patience` set and does not say which epoch it kept, or has no `epochs`.
        """
        parts = tuple(replace(part, fold=part.fold.joined()) for part in self.parts)
        forecaster = self.forecaster
        if self.watched and getattr(forecaster, "patience", None) is not None:
            if not (fitted.kept and hasattr(forecaster, "epochs")):
                raise InputError(
                    f"{forecaster.name} stops early (patience), and a second fit on all rows needs to know when: "
                    "give it a setting epochs and set kept_, the epoch it kept, in fit; or leave patience out"
                )
            # by name: only networks have these two settings
            changed: dict[str, Any] = {"epochs": fitted.kept, "patience": None}
            forecaster = replace(forecaster, **changed)
        return replace(self, parts=parts, forecaster=forecaster, inside=False)

    def generator(self) -> np.random.Generator:
        """Return the generator of this fit, from seed, tickers, forecaster and fold.

        Settings do not enter: all points of a grid start from common random numbers.
        """
        digest = hashlib.sha256(self.words.encode()).digest()
        return np.random.Generator(np.random.PCG64(int.from_bytes(digest, "big")))

    @property
    def words(self) -> str:
        """What the random numbers of this fit are drawn from: seed, tickers, forecaster and fold."""
        tickers = "+".join(part.features.ticker for part in self.parts)
        return f"{self.seed}|{tickers}|{self.forecaster.name}|{self.name}"

    def run(self) -> Fitted:
        """Cut the windows, fit a fresh copy of the forecaster, forecast the test rows.

        On one thread, whatever the libraries behind the forecaster would take: how many there are
        changes the order of a sum and so its last bits.
        """
        with one_thread():
            return self._run(self._cut())[1]

    def learn(self) -> tuple[Fitted, Learned]:
        """Do what `run` does; return beside it what was learned.

        Whether the state is whole is tried: it is restored, and must forecast the same closes.
        """
        with one_thread():
            cuts = self._cut()
            model, fitted = self._run(cuts)
            return fitted, self._learned(cuts, model, fitted)

    def forecast(self, state: Mapping[str, NDArray[Any]], before: Fitted) -> tuple[Fitted, Learned]:
        """Forecast the rows of this fit from what a fit on the same rows learned; nothing is trained.

        Parameters
        ----------
        state : mapping
            What was learned: that of a `Learned` which is whole.
        before : Fitted
            What the other fit left. Of it are taken: losses, epoch, engine, `centre` and `outliers`,
            which depend on the fit and validation rows alone.

        Returns
        -------
        tuple of Fitted and Learned
            The same as `learn` returns, to the bit.
        """
        with one_thread():
            cuts = self._cut()
            model = self._restored(state, cuts)
            fitted = replace(
                before,
                close=self._closes(cuts, model),
                outside=np.concatenate([cut.outside for cut in cuts]),
                inside=self._inside(cuts, model) if self.inside else np.empty(0),
            )
            return fitted, Learned(dict(state), self._transforms(cuts), whole=True)

    def transforms(self) -> dict[str, Transform]:
        """Return ticker to the scalers of this fit, which depend on its fit rows alone."""
        with one_thread():
            return self._transforms(self._cut())

    def _cut(self) -> list[FoldWindows]:
        """Return the windows of every part."""
        settings = self.forecaster.preprocessing
        return [cut_windows(part.features, part.fold, settings) for part in self.parts]

    def _transforms(self, cuts: list[FoldWindows]) -> dict[str, Transform]:
        """Return ticker to transform."""
        pairs = zip(self.parts, cuts, strict=True)
        return {part.features.ticker: cut.transform for part, cut in pairs}

    def _restored(self, state: Mapping[str, NDArray[Any]], cuts: list[FoldWindows]) -> Forecaster:
        """Return a new forecaster with this state."""
        return deepcopy(self.forecaster).restore(state, cuts[0].test.X.shape[2])

    def _learned(self, cuts: list[FoldWindows], model: Forecaster, fitted: Fitted) -> Learned:
        """Return what a fitted model learned, tried where its class can be restored."""
        transforms = self._transforms(cuts)
        restorable = model.restorable()
        try:
            state = checked_state(model)
        except Exception as error:  # a user's class may raise anything; the fit itself is sound
            if restorable and isinstance(error, InputError):
                raise
            return Learned({}, transforms, why_not=f"its state fails ({told(error)})")
        if not restorable:
            return Learned(state, transforms)
        wanted = [fitted.close.tobytes(), *self._tried(cuts, model)]
        try:
            again = self._restored(state, cuts)
            found = [self._closes(cuts, again).tobytes(), *self._tried(cuts, again)]
        except Exception as error:
            return Learned(state, transforms, why_not=f"its restore fails ({told(error)})")
        if found != wanted:
            other = (
                "restored from its state, it forecasts other closes, so its state lacks something"
            )
            return Learned(state, transforms, why_not=other)
        return Learned(state, transforms, whole=True)

    def _tried(self, cuts: list[FoldWindows], model: Forecaster) -> list[bytes]:
        """Return the answers to windows before the test: a state may lack what the few test rows do not need.

        They are the validation windows of each part, or the last windows to fit on where it has none.
        """
        answers = []
        for cut in cuts:
            windows = cut.validation if len(cut.validation) else cut.fit.last(TRIED)
            answers.append(cut.known(partial(predicted, model), windows).tobytes())
        return answers

    def _run(self, cuts: list[FoldWindows]) -> tuple[Forecaster, Fitted]:
        """Fit a fresh copy of the forecaster, forecast the test rows."""
        model = deepcopy(self.forecaster)
        returned: object = model.fit(
            join([cut.fit for cut in cuts]),
            join([cut.validation for cut in cuts]),
            self.generator(),
        )
        check_fitted(model, returned)
        answer = partial(predicted, model)
        fitted = Fitted(
            close=self._closes(cuts, model),
            outside=np.concatenate([cut.outside for cut in cuts]),
            centre=np.array([cut.centre(answer) for cut in cuts]),
            train_loss=learned_losses(model, "train_loss_"),
            validation_loss=learned_losses(model, "validation_loss_"),
            kept=kept_epoch(model),
            outliers=_share(cuts),
            engine=str(getattr(model, "engine_", "")),
            inside=self._inside(cuts, model) if self.inside else np.empty(0),
        )
        return model, fitted

    def _closes(self, cuts: list[FoldWindows], model: Forecaster) -> Floats:
        """Return the forecast closes of the test rows of every part, [N]."""
        try:
            return np.concatenate([cut.close(predicted(model, cut.test)) for cut in cuts])
        except InputError as error:
            raise InputError(f"{model.name}, fold {self.name}: {error}") from error

    def _inside(self, cuts: list[FoldWindows], model: Forecaster) -> Floats:
        """Return the forecast closes of the fit rows and the validation rows of every part, [K]."""
        closes = []
        for part, cut in zip(self.parts, cuts, strict=True):
            for rows, windows in ((part.fold.fit, cut.fit), (part.fold.validation, cut.validation)):
                closes_of_part = np.full(len(rows), np.nan)
                if len(windows):
                    at = np.searchsorted(part.features.sessions, windows.as_of) - rows.start
                    closes_of_part[at] = cut.known(partial(predicted, model), windows)
                closes.append(closes_of_part)
        return np.concatenate(closes)


def _share(cuts: list[FoldWindows]) -> float:
    """Return the mean share of outliers, each ticker weighted by its windows."""
    return float(np.average([cut.outliers for cut in cuts], weights=[len(c.fit) for c in cuts]))
