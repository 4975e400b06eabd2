"""What S3 printed of its grid, shown beside ours; S3's data are different."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

#: The fields that S3 crosses, and their values.
S3_GRID: Mapping[str, tuple[str, ...]] = {
    "architecture": ("1", "2", "3"),
    "filters": ("64", "128", "256"),
    "batch_size": ("32", "64", "128"),
    "activation": ("relu", "tanh"),
}
#: Settings and inputs of S3's training, which a grid of ours may change.
S3_TRAINING: Mapping[str, object] = {"epochs": 50, "target": "close", "scaler": "minmax"}
S3_FEATURES = "ohlcv+indicators"
#: Percent of the sessions that S3 fits on; the rest is its test.
S3_TRAIN = 80
#: Settings of `cnn` that S3 leaves open: a grid that crosses one of them too tries other readings of S3.
S3_OPEN = ("lookback", "convolutions", "dropout")
S3_DATA = (
    "S3's figures are those of Esfahan Steel (Tehran, 2018 to 2021), other data than these: they are shown "
    "beside ours as published figures, not as a target."
)

#: Tables 5 to 10, MAPE and NRMSE in percent: a block for each architecture and activation, a row for each
#: batch size (32, 64, 128), a pair for each number of filters (64, 128, 256).
_TABLES = {
    ("1", "relu"): """
        2.99 4.10  3.00 3.94  11.83 12.28
        4.70 6.18  2.52 3.56   3.85  5.00
        3.95 4.93  2.43 3.47   3.18  4.09""",
    ("1", "tanh"): """
        2.99 4.12  2.50 3.33   4.06  4.37
        5.74 6.10  2.35 3.19   2.13  3.09
        4.00 5.15  3.21 4.37   3.25  3.75""",
    ("2", "relu"): """
        2.79 3.65  3.00 4.37   2.26  3.46
        2.40 3.16  1.99 2.88   1.79  2.71
        3.03 4.33  3.66 4.27   2.17  3.05""",
    ("2", "tanh"): """
        2.89 4.10  2.61 3.22   5.25  7.46
        4.01 4.99  2.81 3.47   7.27  9.78
        3.64 4.52  3.08 3.91   3.85  4.39""",
    ("3", "relu"): """
        4.57 5.68  2.72 4.12   4.57  5.49
        3.76 4.84  3.24 4.29   2.18  3.26
        2.97 4.02  3.49 4.46   4.52  5.46""",
    ("3", "tanh"): """
        3.88 5.00  7.77 9.48   3.82  5.40
        8.17 8.94  2.71 3.43   3.01  4.26
        3.44 4.32  3.60 4.80   3.77  4.63""",
}


@dataclass(frozen=True)
class Published:
    """Errors in percent, and Pearson's correlation of price levels if S3 prints it. Source: S3."""

    mape: float
    nrmse: float
    pearson: float | None = None


#: Table 12.
RNN = Published(2.46, 2.79, 0.922)
#: Table 11: the correlation of the best of each architecture.
_PEARSON = {
    ("1", "256", "64", "tanh"): 0.982,
    ("2", "256", "64", "relu"): 0.985,
    ("3", "256", "64", "relu"): 0.903,
}


def _grid() -> dict[tuple[str, ...], Published]:
    printed: dict[tuple[str, ...], Published] = {}
    for (architecture, activation), text in _TABLES.items():
        numbers = iter(text.split())
        for batch in S3_GRID["batch_size"]:
            for filters in S3_GRID["filters"]:
                at = (architecture, filters, batch, activation)
                printed[at] = Published(
                    float(next(numbers)), float(next(numbers)), _PEARSON.get(at)
                )
    return printed


#: By the values of `S3_GRID`, in its order.
PUBLISHED: Mapping[tuple[str, ...], Published] = _grid()


def is_s3(bases: tuple[str, ...], crossed: Mapping[str, tuple[str, ...]]) -> bool:
    """Return whether a grid crosses exactly the fields and values of S3, but for fields that S3 leaves open."""
    sets = {name: set(values) for name, values in crossed.items() if name not in S3_OPEN}
    return bases == ("cnn",) and sets == {name: set(values) for name, values in S3_GRID.items()}


def published(forecaster: str, crossed: Mapping[str, str]) -> Published | None:
    """Return what S3 printed of a forecaster with these crossed values; None if it printed nothing."""
    if forecaster == "rnn" and not crossed:
        return RNN
    if forecaster == "cnn" and crossed.keys() - set(S3_OPEN) == S3_GRID.keys():
        return PUBLISHED.get(tuple(crossed[name] for name in S3_GRID))
    return None
