"""What a forecaster answers, checked: its author reads what was expected and what came."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from forecasters.bars import Floats
from forecasters.base import Forecaster
from forecasters.errors import InputError, method_of
from forecasters.preparation.windows import Windows

#: What turns an answer of another type into an array, by the name of the type.
REMEDIES = {
    "Series": "give its .to_numpy()",
    "DataFrame": "give one column of it, .to_numpy()",
    "Tensor": "give its .detach().cpu().numpy()",
    "NoneType": "is a `return` missing?",
}


def check_fitted(model: Forecaster, answer: object) -> None:
    """Check what `fit` returned: the model itself, or None.

    Raises
    ------
    InputError
        It is something else: a model that is not asked again.
    """
    if answer is None or answer is model:
        return
    raise InputError(
        f"{method_of(model, 'fit')} returned a {_of(answer)}; it must set what it learned on self and "
        "return self"
    )


def predicted(model: Forecaster, windows: Windows) -> Floats:
    """Return the model's scaled answer [M] to windows [M, L, C] as float64.

    Arrays of real numbers and lists of them are converted, nothing else.

    Raises
    ------
    InputError
        The answer has another type or shape, or holds a number that is not finite.
    """
    answer: object = model.predict(windows)
    where, rows = method_of(model, "predict"), len(windows)
    wanted = f"it must return an array of {rows} finite numbers, one for each window"
    if isinstance(answer, list | tuple):
        try:
            answer = np.array(answer)
        except (ValueError, TypeError):
            raise InputError(f"{where} returned a ragged {_of(answer)}; {wanted}") from None
    if type(answer) is not np.ndarray:
        remedy = REMEDIES.get(type(answer).__name__)
        raise InputError(
            f"{where} returned {_of(answer, article=True)}; {wanted}{f': {remedy}' if remedy else ''}"
        )
    if answer.dtype.kind not in "fiu":
        raise InputError(f"{where} returned numbers of type {answer.dtype}; {wanted}")
    if answer.shape != (rows,):
        column = answer.shape == (rows, 1)
        raise InputError(
            f"{where} returned an array of shape {list(answer.shape)}; {wanted}, shape [{rows}]"
            f"{': give its [:, 0]' if column else ''}"
        )
    finite = np.isfinite(answer)
    if not finite.all():
        first = int(np.flatnonzero(~finite)[0])
        raise InputError(
            f"{where} returned {answer[first]} for window {first + 1} of {rows} "
            f"({windows.as_of[first]}); {wanted}"
        )
    return answer.astype(np.float64, copy=False)


def checked_state(model: Forecaster) -> dict[str, NDArray[Any]]:
    """Return what `state` answers, if it is a dict of text to arrays.

    Raises
    ------
    InputError
        It is something else.
    """
    state: object = model.state()
    where, wanted = method_of(model, "state"), "it must return a dict of text to NumPy arrays"
    if not isinstance(state, dict):
        raise InputError(f"{where} returned {_of(state, article=True)}; {wanted}")
    for name, array in state.items():
        if not isinstance(name, str):
            raise InputError(f"{where} has {name!r} as a name; {wanted}")
        if not isinstance(array, np.ndarray):
            remedy = REMEDIES.get(type(array).__name__, "np.array(...) makes one of a number")
            raise InputError(
                f"{where} returned {_of(array, article=True)} as '{name}'; {wanted}: {remedy}"
            )
    return state


def learned_losses(model: Forecaster, name: str) -> Floats:
    """Return the losses by epoch that `fit` left under this name; empty without any.

    Raises
    ------
    InputError
        They are no numbers, one for each epoch.
    """
    losses: Any = getattr(model, name, ())
    try:
        array = np.asarray(losses, dtype=np.float64)
    except (TypeError, ValueError):
        array = np.empty((0, 0))
    if array.ndim != 1:
        raise InputError(
            f"{method_of(model, 'fit')} set {name} to a {_of(losses)}; it must be numbers, one for each epoch"
        )
    return array


def kept_epoch(model: Forecaster) -> int:
    """Return the epoch, from 1, that `fit` says it kept; 0 where it says none.

    Raises
    ------
    InputError
        It is no whole number.
    """
    kept: Any = getattr(model, "kept_", 0)
    if isinstance(kept, bool) or not isinstance(kept, int | np.integer) or kept < 0:
        raise InputError(
            f"{method_of(model, 'fit')} set kept_ to {kept!r}; it must be the epoch that was kept, from 1"
        )
    return int(kept)


def _of(value: object, *, article: bool = False) -> str:
    if value is None:
        return "None"
    return f"{'a ' if article else ''}{type(value).__name__}"
