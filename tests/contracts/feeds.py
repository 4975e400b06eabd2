"""Backtrader's stock feed with our lines: what `ForecastFeed` is measured by."""

from __future__ import annotations

from typing import Any

import backtrader as bt
import numpy as np
import pandas as pd

from forecasters.bars import Bars
from forecasters.forecasts import Forecasts


class PandasFeed(bt.feeds.PandasData):  # type: ignore[misc]
    """Backtrader's feed with more lines: the reference for ours."""

    lines = ("forecast", "tradable", "centre", "member")
    params = tuple((name, name) for name in lines)


def default_feed(bars: Bars, forecasts: Forecasts) -> Any:
    """Return the stock feed of bars that all have a forecast (NaN: one that is not a number)."""
    columns = {name: getattr(bars, name) for name in ("open", "high", "low", "close", "volume")}
    columns |= {"forecast": forecasts.close, "tradable": bars.tradable.astype(float)}
    columns |= {"centre": forecasts.centre, "member": np.ones(len(bars))}
    frame = pd.DataFrame(columns, index=pd.DatetimeIndex(bars.sessions))
    return PandasFeed(dataname=frame, name=bars.ticker)
