"""The configuration of a grid: that of a run, with defaults of its own, and what is crossed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Self

from backtests.command.config import RunConfig
from backtests.grids.s3 import S3_GRID
from forecasters.errors import InputError

#: Those flags of a run that mean something here.
SHARED = (
    "ticker", "start", "end", "source", "data_dir", "adjust", "forecaster", "features", "extra",
    "target", "lookback", "clip", "components", "reduction", "horizon", "train_size", "step", "expanding",
    "purge", "split", "validation", "epochs", "batch_size", "learning_rate", "patience", "seed", "seeds",
    "engine", "device", "jobs", "out",
)  # fmt: skip
OWN = ("cross", "beside")
#: Flags that ask for a walk-forward.
WALK_FORWARD = ("train_size", "step", "expanding")
S3_SPLIT = "80:20"


def _own(default: Any, text: str, **extra: Any) -> Any:
    return field(default=default, metadata={"help": text, **extra})


@dataclass(frozen=True, kw_only=True)
class GridConfig(RunConfig):
    """Every value of a grid; what it crosses stands in `cross` as ``field=value,value``."""

    forecaster: tuple[str, ...] = _own(
        ("cnn",), "what is crossed: names, names with settings, files; naive always runs too"
    )
    cross: tuple[str, ...] = _own(
        tuple(f"{name}={','.join(values)}" for name, values in S3_GRID.items()),
        "settings of the forecasters, or features, each with the values to try: filters=64,128",
    )
    beside: tuple[str, ...] = _own(
        (), "forecasters that stand beside the grid as they are (default rnn, beside S3's grid)"
    )
    features: str = _own(
        "ohlcv+indicators", "inputs of the forecasters", choices=("ohlcv", "ohlcv+indicators")
    )
    split: str | None = _own(
        S3_SPLIT,
        "one fixed split: 80:20, 70:15:15 (default 80:20, unless --train-size, --step, --expanding or "
        "--rolling ask for a walk-forward)",
        none="none: a walk-forward",
    )
    validation: float = _own(
        0.15, "newest share of the training sessions, not fitted: the grid chooses by its error"
    )
    seeds: int = _own(1, "number of seeds; their mean forecast is judged")

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Self:
        """Return the configuration of what the user gave.

        Without a field to cross the grid is S3's, with its RNN beside it. A flag of the walk-forward
        takes the place of the fixed split.

        Raises
        ------
        InputError
            Other forecasters are named and nothing to cross, a field is named twice, or not one ticker.
        """
        values = dict(given)
        if "cross" not in values:
            if values.get("forecaster", ("cnn",)) != ("cnn",):
                raise InputError(
                    f"name what to cross, --cross field=value,value: the default is S3's grid of cnn, "
                    f"not of {', '.join(values['forecaster'])}"
                )
            values.setdefault("beside", ("rnn",))
        if "split" not in values and any(name in values for name in WALK_FORWARD):
            values["split"] = None
        config = cls(**values)
        for text in config.cross:
            name = text.partition("=")[0].strip().replace("-", "_")
            if name in values:
                raise InputError(
                    f"--{name.replace('_', '-')} and --cross {text} both say what {name} is: leave one out"
                )
        if len(config.ticker) != 1:
            raise InputError("a grid searches on one ticker: --ticker 051900.KS")
        return config

    def values(self) -> dict[str, Any]:
        """Return every value that means something here, as JSON has it."""
        names = {f.name for f in fields(self)} & {*SHARED, *OWN}
        return {name: value for name, value in super().values().items() if name in names}
