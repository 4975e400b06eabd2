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
from backtests.writing.atomic import write_atomically
from forecasters.bars import Bars, Days, Floats
from forecasters.base import Forecaster
from forecasters.errors import InputError
from forecasters.features import make_features
from forecasters.inputs.extras import Extra
from forecasters.preparation.outliers import Bounds
from forecasters.preparation.preprocessing import Preprocessing, Transform
from forecasters.preparation.reduction import Reduction
from forecasters.preparation.scaling import Scaler
from forecasters.walk_forward.fit import Fit, Learned

FORMAT = "1"
Tensors = dict[str, NDArray[Any]]


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
    contiguous = {name: np.ascontiguousarray(array) for name, array in tensors.items()}
    data = save(contiguous, metadata={"fit": json.dumps(about)})
    return write_atomically(path, lambda file: file.write(data))


def load_fit(path: Path, cls: type[Forecaster] | None = None) -> SavedFit:
    """Return the fit in this file.

    Parameters
    ----------
    cls : type, optional
        The class of the forecaster, if it is in a file of yours.

    Raises
    ------
    InputError
        There is no such file, `save_fit` did not write it, or its forecaster needs `cls`.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            header = file.metadata() or {}
            names = file.keys()
            tensors: Tensors = {name: file.get_tensor(name) for name in names}
        about = json.loads(header["fit"])
    except FileNotFoundError:
        raise InputError(f"there is no file {path}") from None
    except (SafetensorError, KeyError, ValueError) as error:
        raise InputError(f"{path} is not a saved fit: {error}") from error
    if about["format"] != FORMAT:
        raise InputError(f"{path} has format {about['format']}; this version reads {FORMAT}")
    forecaster_class = cls or plugins.find(plugins.FORECASTERS, about["forecaster"])
    forecaster: Forecaster = forecaster_class(**about["settings"])
    transforms = {
        ticker: _transform(
            forecaster.preprocessing, tuple(names), _under(tensors, f"transforms/{ticker}")
        )
        for ticker, names in about["names"].items()
    }
    channels = len(next(iter(transforms.values())).channels)
    forecaster.restore(_under(tensors, "weights"), channels)
    return SavedFit(forecaster, transforms, about)


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


def _transform(settings: Preprocessing, names: tuple[str, ...], arrays: Tensors) -> Transform:
    def part(cls: Any, name: str) -> Any:
        values = {
            key.partition(".")[2]: array
            for key, array in arrays.items()
            if key.startswith(f"{name}.")
        }
        return cls(**values) if values else None

    return Transform(
        settings=settings,
        names=names,
        bounds=part(Bounds, "bounds"),
        scaler=part(Scaler, "scaler"),
        reduction=part(Reduction, "reduction"),
        target_scaler=part(Scaler, "target_scaler"),
    )


def _under(tensors: Tensors, folder: str) -> Tensors:
    head = f"{folder}/"
    return {name[len(head) :]: array for name, array in tensors.items() if name.startswith(head)}


def file_name(fit: Fit, label: str) -> str:
    """Return the name of the file of a fit, without its suffix: tickers, forecaster, fold, seed."""
    tickers = [part.features.ticker for part in fit.parts]
    whose = tickers[0] if len(tickers) == 1 else "pooled"
    return f"{whose}--{label}--{fit.name}--{fit.seed}"
