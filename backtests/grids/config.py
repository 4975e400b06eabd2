"""The configuration of a grid: that of a run with other defaults, and what is crossed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from backtests.command.config import RunConfig
from backtests.command.flag import Part, flag, name_of, override
from backtests.grids.s3 import S3_GRID
from forecasters.errors import InputError

GRID = ("grid",)
#: Flags that ask for a walk-forward.
WALK_FORWARD = ("train_size", "step", "expanding")
S3_SPLIT = "80:20"


@dataclass(frozen=True, kw_only=True)
class GridConfig(RunConfig):
    """Every value of a grid; what it crosses stands in `cross` as ``field=value,value``."""

    command: ClassVar[str] = "grid"

    forecaster: tuple[str, ...] = override(
        RunConfig,
        "forecaster",
        ("cnn",),
        "what is crossed: names, names with settings, files; naive always runs too",
    )
    cross: tuple[str, ...] = flag(
        tuple(f"{name}={','.join(values)}" for name, values in S3_GRID.items()),
        "settings of the forecasters, or features, each with the values to try: filters=64,128",
        part=Part.FORECASTERS,
        commands=GRID,
    )
    beside: tuple[str, ...] = flag(
        (),
        "forecasters that stand beside the grid and are not crossed (default rnn, beside S3's grid)",
        part=Part.FORECASTERS,
        commands=GRID,
    )
    features: str = override(RunConfig, "features", "ohlcv+indicators")
    split: str | None = override(
        RunConfig,
        "split",
        S3_SPLIT,
        "one fixed split: 80:20, 70:15:15 (default 80:20, unless --train-size, --step, --expanding or "
        "--rolling ask for a walk-forward)",
    )
    validation: float = override(
        RunConfig,
        "validation",
        0.15,
        "newest share of the training sessions, not fitted: the grid chooses by its error",
    )
    seeds: int = override(RunConfig, "seeds", 1, "number of seeds; their mean forecast is judged")

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
                    f"{name_of(name)} and --cross {text} both set {name}: leave out one of them"
                )
        if len(config.ticker) != 1:
            raise InputError("a grid searches on one ticker: --ticker 051900.KS")
        return config
