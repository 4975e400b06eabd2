"""Whether the bars of a file cover the dates that were asked for."""

from __future__ import annotations

import warnings

import numpy as np

from backtests.command.config import FIRST_DAY, RunConfig
from backtests.sources.source import PartialDataWarning
from forecasters.bars import Bars

#: Days by which bars may miss the dates that were asked for, as holidays do, without a warning.
GRACE = np.timedelta64(10, "D")


def check_span(bars: Bars, config: RunConfig) -> None:
    """Warn when a file does not cover the dates that were asked for; other sources warn themselves.

    Warns
    -----
    PartialDataWarning
        The first or the last bar is more than `GRACE` away from the dates of the configuration.
    """
    if config.source != "csv":
        return
    first, last = bars.sessions[0], bars.sessions[-1]
    asked, end = np.datetime64(config.start, "D"), np.datetime64(config.end, "D")
    late = first - asked > GRACE and config.start != FIRST_DAY
    if late or end - last > GRACE:
        warnings.warn(
            f"{bars.ticker}: the file holds {first} to {last} of what was asked, "
            f"{config.start if late else first} to before {end}",
            PartialDataWarning,
            stacklevel=2,
        )
