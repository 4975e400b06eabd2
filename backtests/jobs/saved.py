"""Saved fits: weights and scalers in a file without pickle, and forecasts from it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backtests import plugins
from backtests.reading.files import Unreadable
from backtests.reading.shape import ANY, COUNT, DAY, TEXT, Leaf, check, optional
from backtests.reading.untrusted import brief, parse_json, read_bytes
from backtests.writing.atomic import write_atomically
from backtests.writing.plain import short
from forecasters.bars import Bars, Days, Floats
from forecasters.base import Forecaster
from forecasters.errors import InputError
from forecasters.features import KINDS, make_features
from forecasters.inputs.extras import Extra
from forecasters.preparation.outliers import Bounds
from forecasters.preparation.preprocessing import Preprocessing, Transform
from forecasters.preparation.reduction import Reduction
from forecasters.preparation.scaling import Scaler
from forecasters.walk_forward.fit import Fit, Learned

FORMAT = "1"
Tensors = dict[str, NDArray[Any]]
#: Bytes of a file and of its header, and sessions in a window: a fit has far fewer.
LARGEST, LONGEST, LONGEST_WINDOW = 2**30, 16 * 2**20, 100_000
#: An entry of a header of safetensors; NumPy knows these kinds of numbers.
ENTRY = {
    "dtype": Leaf(
        "a kind of number",
        lambda v: v in ("F16", "F32", "F64", "I8", "I16", "I32", "I64", "U8", "BOOL"),
    ),
    "shape": [COUNT],
    "data_offsets": [COUNT],
}
#: What `save_fit` writes beside the tensors.
ABOUT = {
    "forecaster": TEXT,
    "settings": {str: ANY},
    "code": optional(TEXT),
    "seed": COUNT,
    "fold": DAY,
    "features": Leaf("a kind of inputs", lambda v: isinstance(v, str) and v in KINDS),
    "horizon": Leaf("a horizon", lambda v: COUNT.holds(v) and 1 <= v <= LONGEST_WINDOW),
    "names": Leaf(
        "names of inputs by ticker",
        lambda v: (
            isinstance(v, dict)
            and len(v) > 0
            and all(isinstance(names, list) and names for names in v.values())
            and all(isinstance(name, str) for names in v.values() for name in names)
        ),
    ),
}


@dataclass(frozen=True, eq=False)
class SavedFit:
    """A fit read back from its file.

    Attributes
    ----------
    forecaster : Forecaster
        The fitted forecaster; a network is in its `network_`.
    transforms : dict
        Ticker to its fitted scalers.
    about : dict
        ``forecaster`` (from `plugins.name_of`), ``settings``, ``code`` (sha256 of a forecaster that is not
        ours), ``seed``, ``fold`` (first test session), ``features``, ``horizon``.
    """

    forecaster: Forecaster
    transforms: dict[str, Transform]
    about: dict[str, Any]

    def predict(self, bars: Bars, extras: Sequence[Extra] = ()) -> tuple[Days, Floats]:
        """Return each session with a complete window, and the close forecast at its close.

        Sessions before the fold's first test session were used in training: a forecast of them proves
        nothing. `extras` are the extra inputs of the fit, if it had any.

        Raises
        ------
        InputError
            The fit had no such ticker, or other inputs.
        """
        if bars.ticker not in self.transforms:
            raise InputError(
                f"this fit was trained on {', '.join(self.transforms)}, not on {bars.ticker}: it has no scaler for it"
            )
        transform = self.transforms[bars.ticker]
        features = make_features(bars, self.about["features"], self.about["horizon"], extras)
        if features.names != transform.names:
            raise InputError(
                f"the inputs of the fit are {', '.join(transform.names)}; these bars give {', '.join(features.names)}"
            )
        rows = np.arange(features.warmup + transform.settings.lookback - 1, len(bars))
        windows = transform.windows(features, rows, labelled=False)
        answer = self.forecaster.predict(windows)
        return windows.as_of, transform.close(answer, windows.last_close)


def save_fit(path: Path, fit: Fit, learned: Learned, features: str) -> Path:
    """Write what `fit` learned from features of that kind; return `path`.

    The format is safetensors: arrays and a JSON header, nothing that a reader would have to execute.
    """
    from safetensors.numpy import save

    tensors = {f"weights/{name}": array for name, array in learned.state.items()}
    for ticker, transform in learned.transforms.items():
        tensors |= {
            f"transforms/{ticker}/{name}": array for name, array in _arrays(transform).items()
        }
    names = {ticker: transform.names for ticker, transform in learned.transforms.items()}
    about = {
        "format": FORMAT,
        "forecaster": plugins.name_of(type(fit.forecaster)),
        "settings": fit.forecaster.get_params(),
        "code": plugins.provenance(type(fit.forecaster)),
        "seed": fit.seed,
        "fold": str(fit.name),
        "features": features,
        "horizon": fit.parts[0].features.horizon,
        "names": names,
    }
    contiguous = {name: np.asarray(array, order="C") for name, array in tensors.items()}
    data = save(contiguous, metadata={"fit": json.dumps(about)})
    return write_atomically(path, lambda file: file.write(data))


def load_fit(path: Path, cls: type[Forecaster] | None = None) -> SavedFit:
    """Return the fit in this file.

    Anybody may have written the file. Nothing in it is run: its forecaster is one of ours, one that an
    installed package offers, or `cls`. Settings, tensors and sizes are checked before they are used.

    Parameters
    ----------
    cls : type, optional
        The class of the forecaster, if it is in a file of yours.

    Raises
    ------
    InputError
        There is no such file, `save_fit` did not write it, what it holds does not fit together, or its
        forecaster needs `cls`.
    """
    try:
        about, tensors = _read(path)
    except (FileNotFoundError, NotADirectoryError):
        raise InputError(f"there is no file {path}") from None
    forecaster_class = cls or plugins.find(plugins.FORECASTERS, about["forecaster"])
    weights = _under(tensors, "weights")
    forecaster = _forecaster(path, forecaster_class, about["settings"], len(weights))
    transforms = {
        ticker: _transform(
            path, forecaster.preprocessing, tuple(names), _under(tensors, f"transforms/{ticker}")
        )
        for ticker, names in about["names"].items()
    }
    channels = {len(transform.channels) for transform in transforms.values()}
    if len(channels) != 1:
        raise InputError(f"{path} is damaged: its tickers have inputs of different number")
    try:
        forecaster.restore(weights, channels.pop())
    except Exception as error:  # the class may be another package's, and may raise anything
        raise InputError(f"{path} cannot be restored: {brief(error)}") from error
    return SavedFit(forecaster, transforms, about)


def _read(path: Path) -> tuple[dict[str, Any], Tensors]:
    """Return the header and the tensors of a file of this format, of the right types and finite."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    raw = read_bytes(path, LARGEST)
    size = int.from_bytes(raw[:8], "little")
    if len(raw) < 8 or size > min(len(raw) - 8, LONGEST):
        raise Unreadable(f"{path} is not a saved fit: it is no file of safetensors")
    header = parse_json(raw[8 : 8 + size], f"the header of {path.name}")
    check(
        header, {"__metadata__": {"fit": Leaf("a text", lambda v: isinstance(v, str))}}, path.name
    )
    check({k: v for k, v in header.items() if k != "__metadata__"}, {str: ENTRY}, path.name)
    about = parse_json(header["__metadata__"]["fit"].encode(), f"the header of {path.name}")
    check(about, {"format": TEXT}, path.name)
    if about["format"] != FORMAT:
        raise Unreadable(f"{path} has format {short(about['format'])}; this version reads {FORMAT}")
    check(about, ABOUT, path.name)
    try:
        tensors: Tensors = load(raw)
    except SafetensorError as error:
        raise Unreadable(f"{path} is not a saved fit: {brief(error)}") from error
    for name, tensor in tensors.items():
        is_bound = "/bounds." in name  # a column without outliers has none
        if np.isnan(tensor).any() or (np.isinf(tensor).any() and not is_bound):
            raise Unreadable(f"{path} is damaged: {short(name)} holds a value that is no number")
    return about, tensors


def _forecaster(
    path: Path, cls: type[Forecaster], settings: dict[str, Any], weights: int
) -> Forecaster:
    """Return the forecaster with the settings of a file."""
    types = plugins.settings_of(cls)
    for name, value in settings.items():
        if name not in types:
            raise InputError(f"{path}: {cls.__name__} has no setting {short(name)}")
        if not plugins.is_setting(value, types[name]):
            raise InputError(f"{path}: {name} of {cls.__name__} cannot be {short(value)}")
    # What is built, and how long that takes, follows from these two.
    if settings.get("lookback", 1) > LONGEST_WINDOW or (settings.get("layers") or 1) > max(
        weights, 1
    ):
        raise InputError(f"{path}: its lookback or its layers are more than a fit can have")
    try:
        return cls(**settings)
    except Exception as error:  # the class may be another package's, and may raise anything
        raise InputError(f"{path}: {cls.__name__} refuses its settings: {brief(error)}") from error


def _arrays(transform: Transform) -> Tensors:
    parts = {
        "bounds": transform.bounds,
        "scaler": transform.scaler,
        "reduction": transform.reduction,
        "target_scaler": transform.target_scaler,
    }
    return {
        f"{part}.{name}": array
        for part, fitted in parts.items()
        if fitted is not None
        for name, array in asdict(fitted).items()
    }


def _transform(
    path: Path, settings: Preprocessing, names: tuple[str, ...], arrays: Tensors
) -> Transform:
    """Return the transform of a ticker; every array has the shape that its inputs need."""
    columns, left = (len(names),), (settings.components, len(names))

    def part(cls: Any, name: str, wanted: bool, **shapes: tuple[Any, ...]) -> Any:
        values = {
            key.partition(".")[2]: array
            for key, array in arrays.items()
            if key.startswith(f"{name}.")
        }
        given = {key: array.shape for key, array in values.items()}
        if given != (shapes if wanted else {}):
            raise InputError(f"{path} is damaged: its {name} is not one for {len(names)} inputs")
        if any(array.dtype != np.float64 for array in values.values()):
            raise InputError(f"{path} is damaged: its {name} is not of float64")
        return cls(**values) if wanted else None

    scaler = part(Scaler, "scaler", True, shift=columns, scale=columns)
    target_scaler = part(Scaler, "target_scaler", True, shift=(1,), scale=(1,))
    if not ((scaler.scale > 0).all() and (target_scaler.scale > 0).all()):
        raise InputError(f"{path} is damaged: a scale is not above 0")
    reduced = settings.components is not None
    return Transform(
        settings=settings,
        names=names,
        bounds=part(Bounds, "bounds", settings.clip is not None, low=columns, high=columns),
        scaler=scaler,
        reduction=part(Reduction, "reduction", reduced, centre=columns, directions=left),
        target_scaler=target_scaler,
    )


def _under(tensors: Tensors, folder: str) -> Tensors:
    head = f"{folder}/"
    return {name[len(head) :]: array for name, array in tensors.items() if name.startswith(head)}


def file_name(fit: Fit, label: str) -> str:
    """Return the name of the file of a fit, without its suffix: tickers, forecaster, fold, seed."""
    tickers = [part.features.ticker for part in fit.parts]
    whose = tickers[0] if len(tickers) == 1 else "pooled"
    return f"{whose}--{label}--{fit.name}--{fit.seed}"


def read_arrays(path: Path) -> Tensors:
    """Return the arrays of a saved fit: weights and transforms, by name.

    Raises
    ------
    InputError
        There is no such file, or it holds none.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        return dict(load_file(path))
    except (OSError, SafetensorError, ValueError) as error:
        raise InputError(f"{path} is not a saved fit: {error}") from error
