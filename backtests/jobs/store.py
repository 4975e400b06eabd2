"""The store of fits: one for all runs of a user, so that equal fits are trained once."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from backtests.jobs.fit_file import SUFFIX, DamagedFit, KeptFit, TooLargeFit, read_fit, write_fit
from backtests.jobs.fit_key import FitKey, FitKeys
from backtests.jobs.leases import Lease
from forecasters.errors import DataWarning, InputError
from forecasters.walk_forward.fit import Fit, Fitted, Learned

#: `--store none`: fits are kept in memory and end with the run.
NONE = "none"


def default_folder() -> Path:
    """Return `$BACKTESTS_STORE`, or `fits` in `$BACKTESTS_CACHE` or the user's cache folder."""
    if store := os.environ.get("BACKTESTS_STORE"):
        return Path(store)
    import platformdirs

    cache = os.environ.get("BACKTESTS_CACHE")
    return Path(cache or platformdirs.user_cache_path("backtests")) / "fits"


def check_named(folder: str) -> None:
    """Refuse an empty name, as of a variable of a shell that is not set.

    Raises
    ------
    InputError
        It is empty.
    """
    if not folder.strip():
        raise InputError("--store is empty: name a folder, or leave the flag out")


def open_store(folder: str | None, *, learned: bool = False, only_stored: bool = False) -> FitStore:
    """Return the store of a run.

    Parameters
    ----------
    folder : str or None
        `--store`: a folder, or ``none``; None: the user's store.
    learned : bool
        What fits learned is asked for afterwards (`--save-fits`).
    only_stored : bool
        A fit that is not there is an error and not trained.

    Raises
    ------
    InputError
        The name of the folder is empty.
    """
    where = str(default_folder()) if folder is None else folder
    check_named(where)
    place = None if where == NONE else Path(where).absolute()
    return FitStore(place, learned=learned, only_stored=only_stored)


class FitStore:
    """Fits by what they depend on: a stored fit need not be trained again.

    A fit has one of two names. Where its forecaster can be restored, the name knows nothing of the rows to
    forecast: other rows are forecast from what was learned. Elsewhere the name covers these rows too.

    Parameters
    ----------
    folder : Path or None
        None: in memory, for one run.
    learned : bool
        `learned` will be called: a store in memory then keeps what fits learned.
    only_stored : bool
        A fit that is not there is an error and not trained (see `run_fits`); nothing is written.

    Examples
    --------
    >>> from backtests.sources.simulated import Simulated
    >>> from forecasters.features import make_features
    >>> from forecasters.models.drift import Drift
    >>> from forecasters.walk_forward import WalkForward
    >>> bars = Simulated().fetch("051900.KS", "2016-01-01", "2016-07-01")
    >>> fit = WalkForward(train_size=60, step=90).fits(Drift(), make_features(bars))[0]
    >>> with FitStore(None) as store:
    ...     store.save(fit, *fit.learn())
    ...     store.load(fit).close.tobytes() == fit.run().close.tobytes()
    True
    """

    def __init__(
        self, folder: Path | None, *, learned: bool = False, only_stored: bool = False
    ) -> None:
        self.folder = folder
        self.only_stored = only_stored
        self._keeps_learned = learned
        self._keys = FitKeys()
        self._key_of: dict[Fit, FitKey | None] = {}
        self._memory: dict[Fit, tuple[Fitted, Learned | None]] = {}
        self._damaged: dict[Path, str] = {}
        self._told_damaged: set[Path] = set()
        self._said: set[str] = set()
        self._writes = folder is not None and not only_stored
        self._lease = Lease(folder) if folder is not None and not only_stored else None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._lease:
            self._lease.end()

    def load_all(self, fits: Sequence[Fit]) -> dict[int, Fitted]:
        """Return number to answer of those fits that are stored; until the end of the run nobody prunes one.

        Warns
        -----
        DataWarning
            Files cannot be read: their fits are trained again and replaced.
        """
        self._hold(fits)
        loaded = {number: self._load(fit) for number, fit in enumerate(fits)}
        self._tell_damaged()
        return {number: fitted for number, fitted in loaded.items() if fitted is not None}

    def load(self, fit: Fit) -> Fitted | None:
        """Return the answer of a stored fit; None if there is none."""
        return self.load_all([fit]).get(0)

    @property
    def keeps_learned(self) -> bool:
        """Whether what a fit learned is kept; else `save` needs its answer alone."""
        return self._writes or self._keeps_learned

    def save(self, fit: Fit, fitted: Fitted, learned: Learned | None) -> None:
        """Store a fit. Where the store cannot be written it is kept in memory, and that is said once."""
        if learned is None:
            self._memory[fit] = (fitted, None)
            return
        learned = _storable(learned)
        if learned.why_not and (self._keeps_learned or fit.forecaster.restorable()):
            name = fit.forecaster.name
            self._say(f"{name}: {learned.why_not}: a new row to forecast trains it again")
        if not (self._writes and self._written(fit, fitted, learned)):
            self._memory[fit] = (fitted, learned if self._keeps_learned else None)

    def learned(self, fit: Fit) -> Learned:
        """Return what a fit learned that this run loaded or saved; it is trained again if it is gone."""
        _, kept = self._memory.get(fit, (None, None))
        if kept is not None:
            return kept
        key = self._key(fit)
        for name in (key.learned_name, key.exact_name) if key else ():
            if stored := self._read(name):
                return Learned(stored.state, fit.transforms(), stored.whole)
        return fit.learn()[1]

    def _key(self, fit: Fit) -> FitKey | None:
        if fit not in self._key_of:
            self._key_of[fit] = self._keys.of(fit)
        return self._key_of[fit]

    def _hold(self, fits: Sequence[Fit]) -> None:
        if self._lease is None:
            return
        keys = [key for fit in fits if (key := self._key(fit))]
        try:
            self._lease.hold(name for key in keys for name in (key.learned_name, key.exact_name))
        except OSError:
            self._lease = (
                None  # nobody can prune here; a fit that cannot be written is told by `save`
            )

    def _load(self, fit: Fit) -> Fitted | None:
        if fit in self._memory:
            return self._memory[fit][0]
        key = self._key(fit)
        if key is None:
            return None
        if fit.forecaster.restorable():
            stored = self._read(key.learned_name)
            if stored and stored.whole and (answer := self._answer(fit, key, stored)):
                return answer
        stored = self._read(key.exact_name)
        return stored.fitted if stored and _belongs(stored.fitted, fit) else None

    def _answer(self, fit: Fit, key: FitKey, stored: KeptFit) -> Fitted | None:
        """Return the answer of a fit from its file: as it stands there, or forecast from what was learned."""
        kept = stored.fitted
        asked = kept if fit.inside else replace(kept, inside=np.empty(0))
        if stored.test == key.test and _belongs(asked, fit):
            return asked
        try:
            made, learned = fit.forecast(stored.state, kept)
        except (
            Exception
        ) as error:  # a user's class may raise anything; trained again, it says the same
            why = f"its state cannot be restored ({type(error).__name__}: {error})"
            self._damaged[self._path(key.learned_name)] = why
            return None
        if self._writes:
            inside = made.inside if fit.inside else kept.inside  # what a grid asked for stays
            self._written(fit, replace(made, inside=inside), learned)
        return made

    def _path(self, name: str) -> Path:
        folder = self.folder or Path()
        return folder / name[:2] / f"{name}{SUFFIX}"

    def _read(self, name: str) -> KeptFit | None:
        """Return a fit by its name and mark it as used now; a damaged file is as none."""
        if self.folder is None:
            return None
        path = self._path(name)
        try:
            stored = read_fit(path)
        except FileNotFoundError:
            return None
        except DamagedFit as error:
            self._damaged[path] = str(error)
            return None
        with suppress(OSError):  # a store that can only be read keeps no time of use
            os.utime(path)
        return stored

    def _written(self, fit: Fit, fitted: Fitted, learned: Learned) -> bool:
        """Write a fit; return False where that is not possible, and say so once."""
        key = self._key(fit)
        if key is None:
            return False
        made_of, name = key.learned, key.learned_name
        if not learned.whole:
            made_of, name = key.exact, key.exact_name
        kept = KeptFit(made_of, fitted, key.test, learned.state, learned.whole)
        try:
            write_fit(self._path(name), kept)
        except TooLargeFit as error:
            self._say(
                f"{fit.forecaster.name}: {error}: it is not kept, and the next run trains it again"
            )
            return False
        except OSError as error:
            self._writes = False
            self._say(
                f"no fit can be kept in {self.folder} ({error.strerror or error}): the run goes on without, and "
                "begins anew if it is interrupted; name a folder that can be written: --store DIR"
            )
            return False
        if self._lease:
            self._lease.renew()
        return True

    def _tell_damaged(self) -> None:
        new = [path for path in self._damaged if path not in self._told_damaged]
        self._told_damaged.update(new)
        if not new:
            return
        then = "trained again and replaced" if self._writes else "trained again"
        if self.only_stored:
            then = "taken as absent"
        more = f"; so are {len(new) - 1} more" if len(new) > 1 else ""
        self._say(f"{new[0]} cannot be used: {self._damaged[new[0]]}. It is {then}{more}")

    def _say(self, text: str) -> None:
        if text not in self._said:
            self._said.add(text)
            warnings.warn(text, DataWarning, stacklevel=4)


def _belongs(fitted: Fitted, fit: Fit) -> bool:
    """Return whether an answer has the shapes of what a fit asks for."""
    inside = sum(len(part.fold.fit) + len(part.fold.validation) for part in fit.parts)
    return (len(fitted.close), len(fitted.centre), len(fitted.inside)) == (
        fit.rows,
        len(fit.parts),
        inside if fit.inside else 0,
    )


def _storable(learned: Learned) -> Learned:
    """Return what was learned, without a state that is no plain numbers."""
    for name, array in learned.state.items():
        if array.dtype.kind not in "biuf" or array.dtype.itemsize > 8:
            why = (
                f"its state has '{name}' of type {array.dtype}, which no file without code can hold"
            )
            return replace(learned, state={}, whole=False, why_not=why)
    return learned
