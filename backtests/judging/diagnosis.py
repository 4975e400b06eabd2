"""Why a rule bought or did not buy: its threshold held against forecasts and outcomes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from backtests.account.performance import net
from backtests.account.result import Result
from backtests.judging.rises import _joined, at_least, called_and_came
from backtests.writing.numbers import beside, count, level, listed, money, number, percent
from forecasters.forecasts import Forecasts
from forecasters.measures.correlation import correlation
from forecasters.measures.direction import direction

#: Rises that every diagnosis counts, beside the threshold of the rule.
LEVELS = (0.01, 0.02, 0.03, 0.05)


@dataclass(frozen=True)
class Passed:
    """How often a rise of `level` was forecast, came, and both, over the judged days.

    `mean_realised` is the mean realised return of the days it was forecast for, None if there
    were none.
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
        Judged days: a forecast and an outcome, halts left out.
    signals : int
        Forecasts that reached the threshold, their outcome known or a halt.
    largest : float or None
        The largest forecast return, None where no forecast was made; `largest_made` and
        `largest_for` are the sessions it was made on and for (None: still to come), `largest_of`
        its ticker.
    tickers : int
        Whose days are counted together.
    flat : bool
        Every forecast is the last close (naive).
    passed : tuple of Passed
        At 1, 2, 3, 5% and the threshold, ascending.
    correlation : float or None
        Of forecast with realised return; None where one of them never changes.
    direction, up_share : float or None
        Share of the days that moved on which the forecast had the sign right, as
        `forecasters.measures.direction` counts, and the share of them that rose; None where naive.
    outside_share : float or None
        Share of the forecasts with an input outside the range their fold was fitted on.
    trades, rejected, expired, unaffordable : int or None
        Of the result; None without one.
    cash, cheapest : float or None
        The cash the account began with, the lowest close among the signals.
    foresight_return, foresight_trades, foresight_unaffordable : float, int, int or None
        What the rule earned after costs when fed with the true next close, on how many purchases,
        and the signals for which the cash did not buy one share.
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
        """The counts at the rule's own threshold."""
        return next(passed for passed in self.passed if passed.level == self.threshold)

    @property
    def too_poor(self) -> bool:
        """Nothing was bought, and for some signal the cash did not buy one share."""
        return self.trades == 0 and bool(self.unaffordable)

    @property
    def largest_text(self) -> str:
        """The largest forecast return in percent, never rounded across the threshold."""
        return beside(self.largest, self.threshold)

    def sentences(self) -> list[str]:
        """Return the diagnosis in plain words, the reason for no trade first."""
        if self.largest is None:
            return [f"{self.forecaster} made no forecast: every session was a halt."]
        if self.flat and self.threshold > 0 and not self.trades:
            return [
                f"{self.forecaster} forecasts no change on any day, so it cannot reach "
                f"{level(self.threshold)}: it stands here for its error, not to trade."
            ]
        return [*self._trading(), self.market(), *self._skill()]

    @property
    def days_text(self) -> str:
        """The judged days, in words."""
        over = f" of {self.tickers} tickers" if self.tickers > 1 else ""
        return count(self.days, "day") + over

    def own_sentences(self) -> list[str]:
        """Return the sentences without `market`, which is the same for every forecaster."""
        return [sentence for sentence in self.sentences() if sentence != self.market()]

    def market(self) -> str:
        """Return how often the price itself rose that much, and what foresight would have earned."""
        if not self.days:
            return "No day can be judged yet: no forecast has its outcome."
        needed = level(self.threshold, sign=False)
        here = self.at_threshold.came
        text = f"The price itself rose {needed} or more on {here:,} of {self.days_text}"
        if self.foresight_return is None:
            return text + "."
        if not self.foresight_trades and self.foresight_unaffordable:
            return text + "; even a perfect forecaster could not have paid for one share."
        if not self.foresight_trades:
            return text + "; even a perfect forecaster would not have traded."
        return (
            f"{text}; a perfect forecaster of those days would have earned "
            f"{percent(self.foresight_return)} after costs."
        )

    def _trading(self) -> list[str]:
        needed, name = level(self.threshold), self.forecaster
        largest = f"its largest forecast was {self.largest_text} ({self._largest_when()})"
        signals = f"{name} forecast {needed} or more on {count(self.signals, 'day')}"
        if not self.signals and self.trades:
            bought = f"{name} bought {count(self.trades, 'time')}, never on a forecast of {needed} or more"
            return [f"{bought}; {largest}."]
        if not self.signals and not self.too_poor:
            verb = "never bought" if self.trades is not None else "never reached the threshold"
            return [f"{name} {verb}: {largest} where the rule needs {needed}."]
        if self.trades == 0:
            tried = f"{signals} but" if self.signals else name
            return [f"{tried} bought nothing: {self._lost()}."]
        here = self.at_threshold
        bought = "" if self.trades is None else f" and bought {count(self.trades, 'time')}"
        sentences = [f"{signals}{bought}; {largest}."]
        if here.forecast:
            sentences.append(
                f"The price then rose that much on {here.both} of {here.forecast} such days; the mean "
                f"realised return after such a forecast was {percent(here.mean_realised, 2)}."
            )
        return sentences

    def _lost(self) -> str:
        """Return what became of the signals of a rule that bought nothing, as the account counted."""
        lost = []
        if self.rejected:
            lost.append(f"{count(self.rejected, 'order')} rejected for want of cash")
        if self.expired:
            lost.append(f"{count(self.expired, 'order')} expired unfilled")
        if self.unaffordable:
            close = (
                f", the lowest close of those days being {money(self.cheapest)}"
                if self.cheapest
                else ""
            )
            lost.append(
                f"on {self.unaffordable:,} of its signals the {money(self.cash)} of cash did not buy one "
                f"share{close}. Raise --cash"
            )
        return listed(lost) if lost else "the rule's other conditions held it back"

    def _largest_when(self) -> str:
        when = f"for {self.largest_for}" if self.largest_for else f"made {self.largest_made}"
        return f"{self.largest_of} {when}" if self.tickers > 1 else when

    def _skill(self) -> list[str]:
        sentences = []
        if self.correlation is not None:
            sentences.append(
                f"Forecast return and realised return correlate at {number(self.correlation, 2, sign=True)} "
                "(0 is no relation, +1 a perfect one)."
            )
        if self.direction is not None:
            sentences.append(
                f"The direction was right on {percent(self.direction, 0, sign=False)} of the days that "
                f"moved; {percent(self.up_share, 0, sign=False)} of them rose."
            )
        if self.outside_share:
            share = percent(self.outside_share, 0 if self.outside_share >= 0.01 else 1, sign=False)
            sentences.append(
                f"{share} of the days had inputs outside the range the model was trained on."
            )
        return sentences


def diagnose(
    forecasts: Sequence[Forecasts],
    threshold: float,
    result: Result | None,
    foresight: Result | None,
) -> Diagnosis:
    """Return why the rule bought or did not.

    Parameters
    ----------
    forecasts : sequence of Forecasts
        Of one forecaster, one a ticker of the account: their days are counted together.
    threshold : float
        The forecast return that the rule needs to buy, as a share: 0.05.
    result : Result or None
        What the rule made of these forecasts.
    foresight : Result or None
        The same rule fed with the true next close.
    """
    judged = _joined(forecasts, "judged")
    close, last_close = _joined(forecasts, "close"), _joined(forecasts, "last_close")
    target, returns = _joined(forecasts, "target"), _joined(forecasts, "forecast_return")
    made = np.isfinite(close)
    known = made & ~np.isnat(target)
    signals = known & at_least(close, last_close, threshold)
    top = int(np.where(made, returns, -np.inf).argmax()) if made.any() else None
    later = top is not None and np.isnat(target[top])
    owner = np.repeat([f.ticker for f in forecasts], [len(f) for f in forecasts])
    realised = _joined(forecasts, "realised_return")[judged]
    flat = bool(made.any() and (close[made] == last_close[made]).all())
    signs = direction((close - last_close)[judged], realised)
    return Diagnosis(
        forecaster=forecasts[0].forecaster,
        strategy=result.strategy if result else None,
        threshold=threshold,
        days=int(judged.sum()),
        signals=int(signals.sum()),
        largest=None if top is None else float(returns[top]),
        largest_made=None if top is None else str(_joined(forecasts, "as_of")[top]),
        largest_for=None if top is None or later else str(target[top]),
        largest_of=None if top is None else str(owner[top]),
        tickers=len(forecasts),
        flat=flat,
        passed=tuple(_passed(forecasts, level) for level in sorted({*LEVELS, threshold})),
        correlation=correlation(returns[judged], realised),
        direction=signs.share,
        up_share=None if signs.share is None else signs.up_share,
        outside_share=float(_joined(forecasts, "outside")[made].mean()) if made.any() else None,
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
    realised = _joined(forecasts, "realised_return")[called]
    mean = float(realised.mean()) if called.any() else None
    return Passed(level, int(called.sum()), int(came.sum()), int((called & came).sum()), mean)
