"""What a fill pays: commission on both sides, the tax of its day on sales alone."""

import datetime
from types import SimpleNamespace

import pytest

from backtests.account.commission import CommissionScheme
from backtests.markets.costs import Costs
from backtests.markets.market import market_for

COSTS = Costs.of(market_for("051900.KS"))


def scheme(day):
    """Return a scheme whose clock shows a day, and the day before at -1."""
    days = {0: day, -1: day - datetime.timedelta(days=1)}
    clock = SimpleNamespace(datetime=SimpleNamespace(date=days.__getitem__))
    return CommissionScheme(costs=COSTS, clock=clock, ticker="051900.KS")


def test_a_purchase_pays_commission_and_no_tax():
    paid = scheme(datetime.date(2019, 1, 7))
    assert paid.commission(10, 1_000_000) == pytest.approx(1_500)  # 1.5 basis points of 10 million
    assert paid.tax(10, 1_000_000) == 0.0
    assert paid._getcommission(10, 1_000_000, False) == pytest.approx(1_500)


@pytest.mark.parametrize(
    ("day", "tax"),
    [(datetime.date(2019, 5, 29), 30_000), (datetime.date(2019, 5, 30), 25_000)],
)
def test_a_sale_pays_the_tax_of_its_day(day, tax):
    """The KRX took 0.30% up to 29 May 2019 and 0.25% from then on."""
    paid = scheme(day)
    assert paid.tax(-10, 1_000_000) == pytest.approx(tax)
    assert paid._getcommission(-10, 1_000_000, False) == pytest.approx(1_500 + tax)
    assert paid.tax(-10, 1_000_000, session=datetime.date(2018, 1, 2)) == pytest.approx(30_000)


def test_filled_at_the_close_before_it_pays_the_tax_of_that_day():
    paid = scheme(datetime.date(2019, 5, 30))
    paid.ago = -1
    assert paid.tax(-10, 1_000_000) == pytest.approx(30_000)
