"""Why a rule bought or did not buy: its threshold beside forecasts and outcomes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from backtests.account.performance import net
from backtests.account.result import Result
from backtests.judging.rises import at_least, called_and_came, joined
from forecasters.forecasts import Forecasts
from forecasters.measures.correlation import correlation
from forecasters.measures.direction import direction

#: Rises that every diagnosis counts, besides the threshold of the rule.
LEVELS = (0.01, 0.02, 0.03, 0.05)


@dataclass(frozen=True)
class Passed:
    """How often a rise of `level` was forecast, came, and both, over the judged days.

    `mean_realised` is the mean realised return of the days for which it was forecast; None without
    one.
    """

    level: float
    forecast: int
    came: int
    both: int
    mean_realised: float | None


@dataclass(frozen=True)
class Diagnosis:
    """What one forecaster's forecasts meant for one rule's threshold.

    Attributes
    ----------
    days : int
        Judged days: days with a forecast and an outcome, without halts.
    signals : int
        Forecasts that reached the threshold, for a session that has come, halts included.
    largest : float or None
        The largest forecast return; None where no forecast was made. `largest_made` and
        `largest_for` are the sessions on which and for which it was made (None: still to come),
        `largest_of` is its ticker.
    tickers : int
        Tickers whose days are counted together.
    flat : bool
        Every forecast is the last close (naive).
    passed : tuple of Passed
        At 1, 2, 3, 5% and the threshold, ascending.
    correlation : float or None
        Between forecast return and realised return; None where one of them never changes.
    direction, up_share : float or None
        Of the days that moved, the share with the right sign of the forecast, counted as
        `forecasters.measures.direction` does, and the share that rose; None for naive.
    outside_share : float or None
        Share of the forecasts with an input outside the range on which their fold was fitted.
    trades, rejected, expired, unaffordable : int or None
        Of the result; None without one.
    cash, cheapest : float or None
        The cash at the start of the account, and the lowest close among the signals.
    foresight_return, foresight_trades, foresight_unaffordable : float, int, int or None
        Of the same rule on forecasts that know the true next close: its return after costs, its
        purchases, and the signals for which the cash did not buy one share.
    """

    forecaster: str
    strategy: str | None
    threshold: float
    days: int
    signals: int
    largest: float | None
    largest_made: str | None
    largest_for: str | None
    largest_of: str | None
    tickers: int
    flat: bool
    passed: tuple[Passed, ...]
    correlation: float | None
    direction: float | None
    up_share: float | None
    outside_share: float | None
    trades: int | None
    rejected: int | None
    expired: int | None
    unaffordable: int | None
    cash: float | None
    cheapest: float | None
    foresight_return: float | None
    foresight_trades: int | None
    foresight_unaffordable: int | None

    @property
    def at_threshold(self) -> Passed:
        """The counts at the threshold of the rule."""
        return next(passed for passed in self.passed if passed.level == self.threshold)

    @property
    def too_poor(self) -> bool:
        """Whether nothing was bought, and the cash did not buy one share for some signal."""
        return self.trades == 0 and bool(self.unaffordable)


def diagnose(
    forecasts: Sequence[Forecasts],
    threshold: float,
    result: Result | None,
    foresight: Result | None,
) -> Diagnosis:
    """Return why the rule bought or did not buy.

    Parameters
    ----------
    forecasts : sequence of Forecasts
        Of one forecaster, one a ticker of the account. Their days are counted together.
    threshold : float
        The forecast return that the rule needs to buy, as a share: 0.05.
    result : Result or None
        Account of the rule on these forecasts.
    foresight : Result or None
        Account of the rule on forecasts that know the true next close.
    """
    judged = joined(forecasts, "judged")
    close, last_close = joined(forecasts, "close"), joined(forecasts, "last_close")
    target, returns = joined(forecasts, "target"), joined(forecasts, "forecast_return")
    made = np.isfinite(close)
    known = made & ~np.isnat(target)
    signals = known & at_least(close, last_close, threshold)
    top = int(np.where(made, returns, -np.inf).argmax()) if made.any() else None
    later = top is not None and np.isnat(target[top])
    owner = np.repeat([f.ticker for f in forecasts], [len(f) for f in forecasts])
    realised = joined(forecasts, "realised_return")[judged]
    flat = bool(made.any() and (close[made] == last_close[made]).all())
    signs = direction((close - last_close)[judged], realised)
    return Diagnosis(
        forecaster=forecasts[0].forecaster,
        strategy=result.strategy if result else None,
        threshold=threshold,
        days=int(judged.sum()),
        signals=int(signals.sum()),
        largest=None if top is None else float(returns[top]),
        largest_made=None if top is None else str(joined(forecasts, "as_of")[top]),
        largest_for=None if top is None or later else str(target[top]),
        largest_of=None if top is None else str(owner[top]),
        tickers=len(forecasts),
        flat=flat,
        passed=tuple(_passed(forecasts, level) for level in sorted({*LEVELS, threshold})),
        correlation=correlation(returns[judged], realised),
        direction=signs.share,
        up_share=None if signs.share is None else signs.up_share,
        outside_share=float(joined(forecasts, "outside")[made].mean()) if made.any() else None,
        trades=len(result.trades) if result else None,
        rejected=result.rejected if result else None,
        expired=result.expired if result else None,
        unaffordable=result.unaffordable if result else None,
        cash=float(result.cash[0]) if result else None,
        cheapest=float(last_close[signals].min()) if signals.any() else None,
        foresight_return=net(foresight) if foresight else None,
        foresight_trades=len(foresight.trades) if foresight else None,
        foresight_unaffordable=foresight.unaffordable if foresight else None,
    )


def _passed(forecasts: Sequence[Forecasts], level: float) -> Passed:
    called, came = called_and_came(forecasts, level)
    realised = joined(forecasts, "realised_return")[called]
    mean = float(realised.mean()) if called.any() else None
    return Passed(level, int(called.sum()), int(came.sum()), int((called & came).sum()), mean)
