"""The name of a fit in the store: the sha256 of all that it depends on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from backtests import plugins
from backtests.jobs.fit_code import code_of, foreign_code_of, machine
from forecasters.base import Forecaster
from forecasters.engines.native.library import SAME_BITS, available, compiler, isa
from forecasters.errors import InputError
from forecasters.neural import NeuralForecaster
from forecasters.walk_forward.fit import Fit, Part

#: The form of key and file. Raise it when either changes, or when a fault in reading is corrected.
FORMAT = 1


@dataclass(frozen=True, eq=False)
class FitKey:
    """What a fit depends on.

    Attributes
    ----------
    learned : dict
        All that training depends on, JSON-able. The rows to forecast are no part of it.
    test : tuple of str
        Of each part the sha256 of the windows to forecast.
    inside : bool
        Whether the rows before the test are forecast too.
    """

    learned: dict[str, Any]
    test: tuple[str, ...]
    inside: bool

    @property
    def exact(self) -> dict[str, Any]:
        """All that the answer depends on: for a forecaster that cannot be restored."""
        return {**self.learned, "test": list(self.test), "inside": self.inside}

    @cached_property
    def learned_name(self) -> str:
        """The name of a fit whose forecaster can be restored."""
        return name_of(self.learned)

    @cached_property
    def exact_name(self) -> str:
        """The name of any other fit."""
        return name_of(self.exact)


def name_of(made_of: Mapping[str, Any]) -> str:
    """Return the sha256 of what a fit depends on; the order of its entries does not matter."""
    text = json.dumps(made_of, sort_keys=True, ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(eq=False)
class FitKeys:
    """Makes the keys of the fits of one run; what many fits share is hashed once.

    Examples
    --------
    A day more of bars is another row to forecast, and no other training:

    >>> from backtests.sources.simulated import Simulated
    >>> from forecasters.features import make_features
    >>> from forecasters.models.drift import Drift
    >>> from forecasters.walk_forward import WalkForward
    >>> bars = Simulated().fetch("051900.KS", "2016-01-01", "2016-07-01")
    >>> plan, keys = WalkForward(train_size=60), FitKeys()
    >>> inputs = [make_features(bars.rows(slice(0, rows))) for rows in (100, 101)]
    >>> one, other = (keys.of(plan.fits(Drift(), each)[0]) for each in inputs)
    >>> name_of(one.learned) == name_of(other.learned), one.test == other.test
    (True, False)
    """

    _rows: dict[tuple[Any, ...], str] = field(default_factory=dict)
    _foreign: dict[type, dict[str, Any] | None] = field(default_factory=dict)
    _contents: dict[str, str] = field(default_factory=dict)

    def of(self, fit: Fit) -> FitKey | None:
        """Return the key of a fit; None where it cannot be said what its forecaster is.

        That is a class that was typed into an interpreter, or a setting that is no plain value.
        """
        forecaster = fit.forecaster
        described = self._described(forecaster)
        if described is None:
            return None
        lookback = forecaster.preprocessing.lookback
        learned = {
            "format": FORMAT,
            **described,
            **machine(forecaster.device if isinstance(forecaster, NeuralForecaster) else "cpu"),
            "code": code_of("forecasters"),
            "random": fit.words,
            "parts": [self._once(_seen, part, lookback) for part in fit.parts],
        }
        test = tuple(self._once(_tested, part, lookback) for part in fit.parts)
        return FitKey(learned, test, fit.inside)

    def _described(self, forecaster: Forecaster) -> dict[str, Any] | None:
        """Return class, settings, engine and foreign code; None if one of them is unknown."""
        cls = type(forecaster)
        settings = {name: _plain(value) for name, value in forecaster.get_params().items()}
        engine = engine_of(forecaster)
        described: dict[str, Any] = {
            "forecaster": plugins.name_of(cls),
            "settings": settings | engine,
        }
        if engine.get("engine") == "torch":
            described["engine"] = forecaster.get_params()["engine"]  # the fit says why it was torch
        elif engine:
            described["compiler"] = (
                compiler()
            )  # no part of a run's key: it names what was asked for
        if not plugins.is_ours(cls):
            if cls not in self._foreign:
                self._foreign[cls] = foreign_code_of(cls)
            code = self._foreign[cls]
            if code is None:
                return None
            described |= {**code, "files": self._files(settings)}
        try:
            json.dumps(described, allow_nan=False)
        except (TypeError, ValueError):
            return None
        return described

    def _files(self, settings: Mapping[str, Any]) -> dict[str, str]:
        """Return the sha256 of each file or folder that a setting names; each is read once."""
        found = {}
        for name, value in settings.items():
            if isinstance(value, str) and value and _exists(path := Path(value)):
                if value not in self._contents:
                    self._contents[value] = _content(path)
                found[name] = self._contents[value]
        return found

    def _once(self, make: Any, part: Part, lookback: int) -> str:
        """Return `make(part, lookback)`, made once for each ticker, fold and lookback."""
        fold = part.fold
        key = (make, part.features, fold.fit, fold.validation, fold.test, lookback)
        if key not in self._rows:  # the key holds the features, so no other can take their place
            self._rows[key] = make(part, lookback)
        return self._rows[key]


def engine_of(forecaster: object) -> dict[str, str]:
    """Return the setting `engine` of a network as this machine resolves it; empty for other forecasters.

    Two of the native builds give the same bits. The portable build may not, so it has another name.

    Raises
    ------
    InputError
        The kernels were asked for and are missing.
    """
    if not isinstance(forecaster, NeuralForecaster):  # a user's class may mean something else by it
        return {}
    missing = available()
    if forecaster.engine == "native" and missing:
        raise InputError(f"--engine native: {missing}; leave the flag out, and torch trains")
    if missing or forecaster.engine == "torch" or forecaster.device != "cpu":
        return {"engine": "torch"}
    return {"engine": "native" if isa() in SAME_BITS else f"native {isa()}"}


def _seen(part: Part, lookback: int) -> str:
    """Return the sha256 of the rows that a fit may see: fit and validation rows with their windows."""
    features, fold = part.features, part.fold
    ranges = [rows for rows in (fold.fit, fold.validation) if rows]
    first = max(0, min(rows.start for rows in ranges) - lookback + 1)
    stop = max(rows.stop for rows in ranges)
    cuts = [[rows.start - first, rows.stop - first] for rows in ranges]
    warmup = max(0, features.warmup - first)
    rows = slice(first, stop)
    return _sha256(
        [features.ticker, features.names, features.horizon, warmup, cuts, bool(fold.validation)],
        features.X[rows],
        features.y[rows],
        features.close[rows],
        features.sessions[rows],
        features.tradable[first : stop + features.horizon],  # a halt is no target either
    )


def _tested(part: Part, lookback: int) -> str:
    """Return the sha256 of the windows to forecast, of their last closes and days."""
    features, rows = part.features, slice(part.fold.test.start, part.fold.test.stop)
    return _sha256(
        [features.ticker, features.names, features.horizon],
        features.X[max(0, rows.start - lookback + 1) : rows.stop],
        features.close[rows],
        features.sessions[rows],
    )


def _sha256(words: list[Any], *arrays: NDArray[Any]) -> str:
    h = hashlib.sha256(json.dumps([words, [array.shape for array in arrays]]).encode())
    for array in arrays:
        as_stored = (
            array.astype("datetime64[D]").astype("<i8") if array.dtype.kind == "M" else array
        )
        h.update(as_stored.tobytes())
    return h.hexdigest()


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Path) else value


def _content(path: Path) -> str:
    """Return the sha256 of a file, or of all files of a folder."""
    files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
    h = hashlib.sha256()
    for file in files:
        h.update(str(file).encode() + hashlib.sha256(file.read_bytes()).digest())
    return h.hexdigest()


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # a text that cannot be a path
        return False
