"""The tax of a whole run, on the day before and on the day of each change."""

import numpy as np
import pytest

from backtests.account.broker import Broker
from backtests.account.engine import run_backtest
from backtests.markets.costs import Costs
from backtests.markets.market import market_for
from strategies.five_percent import FivePercentRule

#: The trade date from which each rate holds, and the rate before and from then on.
SWITCHES = [
    ("2019-05-30", 0.0030, 0.0025),
    ("2020-12-29", 0.0025, 0.0023),
    ("2022-12-28", 0.0023, 0.0020),
    ("2023-12-27", 0.0020, 0.0018),
    ("2024-12-27", 0.0018, 0.0015),
    ("2025-12-29", 0.0015, 0.0020),
]


@pytest.mark.parametrize("ticker", ["A.KS", "A.KQ"])
@pytest.mark.parametrize("fill", ["open", "close"])
@pytest.mark.parametrize(
    ("sold_on", "rate"),
    [(np.busday_offset(day, -1), before) for day, before, _ in SWITCHES]
    + [(np.datetime64(day), after) for day, _, after in SWITCHES],
)
def test_a_sale_pays_the_rate_of_its_day(make_bars, make_forecasts, ticker, fill, sold_on, rate):
    """Bought one session earlier, sold on this day whatever happened; at 10,000 won throughout."""
    start = np.busday_offset(sold_on, -2 if fill == "open" else -1)
    bars = make_bars([(10_000,) * 4 + (900_000,)] * 5, start=start, ticker=ticker)
    forecasts = make_forecasts(bars, [11_000, 1, 1, 1, 1])
    broker = Broker(10_000_000, Costs.of(market_for(ticker), slippage_bps=0))
    rule = FivePercentRule(exit="one-day", fill=fill)
    result = run_backtest({ticker: bars}, {ticker: forecasts}, rule, broker)
    bought, sold = result.fills
    # 95% of 10,000,000 are 950 shares at 10,000: 9,500,000 won, 1,425 of commission either way
    assert (bought.size, bought.commission, bought.tax) == (950, 1_425, 0)
    assert (sold.session, sold.size, sold.price) == (str(sold_on), 950, 10_000)
    assert (sold.commission, sold.tax) == (1_425, pytest.approx(9_500_000 * rate))
    assert result.cash[-1] == pytest.approx(10_000_000 - 2 * 1_425 - 9_500_000 * rate)
