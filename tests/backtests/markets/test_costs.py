"""Commission and tax of one order, and the sentence that tells them."""

import numpy as np
import pytest

from backtests.markets.costs import Costs
from backtests.markets.market import market_for
from forecasters.errors import InputError

KRX = market_for("051900.KS")


def test_commission_is_a_share_of_the_value_on_either_side() -> None:
    costs = Costs.of(KRX)
    assert costs.commission(10_000_000) == pytest.approx(1_500)  # 1.5 bp
    assert costs.commission(-10_000_000) == pytest.approx(1_500)


def test_tax_follows_the_trade_date() -> None:
    costs = Costs.of(KRX)
    assert costs.tax(1_000_000, "2019-05-29") == pytest.approx(3_000)
    assert costs.tax(1_000_000, np.datetime64("2019-05-30")) == pytest.approx(2_500)


def test_a_tax_that_is_set_overrides_the_table_at_any_date() -> None:
    costs = Costs.of(KRX, tax_bps=10)
    assert costs.tax(1_000_000, "2019-05-29") == pytest.approx(1_000)
    assert costs.tax(1_000_000, "1990-01-03") == pytest.approx(1_000)
    assert Costs.of(KRX, tax_bps=0).tax(1_000_000, "2019-05-29") == 0


def test_zero_is_a_rate_of_its_own_and_not_a_default() -> None:
    assert Costs.of(KRX, commission_bps=0, slippage_bps=0) == Costs(KRX, 0, 0)


@pytest.mark.parametrize("name", ["commission_bps", "slippage_bps", "tax_bps"])
@pytest.mark.parametrize("value", [-0.1, float("nan"), float("inf"), 10_000])
def test_a_rate_that_cannot_be_is_refused_with_its_flag(name: str, value: float) -> None:
    with pytest.raises(InputError, match=f"--{name.replace('_', '-')} is {value}"):
        Costs.of(KRX, **{name: value})


@pytest.mark.parametrize(
    ("start", "end", "tax"),
    [
        ("2015-01-02", "2019-05-29", "0.30%"),
        ("2015-01-02", "2019-05-30", "0.30% to 2019-05-29 then 0.25%"),
        ("2019-05-30", "2020-12-28", "0.25%"),
        (
            "2019-01-02",
            "2021-06-30",
            "0.30% to 2019-05-29 then 0.25% to 2020-12-28 then 0.23%",
        ),
    ],
)
def test_note_names_every_rate_of_the_period(start: str, end: str, tax: str) -> None:
    assert Costs.of(KRX).note(start, end) == (
        f"commission 1.5 bp a side, transaction tax on sales {tax}, slippage 5 bp a side"
    )


def test_note_of_what_was_set_and_of_what_is_not_charged() -> None:
    days = ("2019-01-02", "2021-06-30")
    assert "transaction tax on sales 0.12% (as set)" in Costs.of(KRX, tax_bps=12).note(*days)
    assert "no transaction tax (as set)" in Costs.of(KRX, tax_bps=0).note(*days)
    free = Costs.of(market_for("AAPL"), slippage_bps=0).note(*days)
    assert free == "no commission, no transaction tax, no slippage"


def test_note_refuses_a_period_that_runs_backwards_or_starts_before_the_table() -> None:
    with pytest.raises(InputError, match="start must come first"):
        Costs.of(KRX).note("2020-01-02", "2019-01-02")
    with pytest.raises(InputError, match="known from 1996-01-01"):
        Costs.of(KRX).note("1990-01-03", "2019-01-02")


def test_costs_of_a_fund() -> None:
    fund = Costs.of(KRX, instrument="etf")
    assert fund.tax(1_000_000, "2019-05-29", "069500.KS") == 0
    assert "no transaction tax (etf)" in fund.note("2019-01-02", "2021-06-30")
    assert Costs.of(KRX, instrument="etf", tax_bps=3).tax(1_000_000, "2019-05-29") == 300
    with pytest.raises(InputError, match="no instrument 'bond'"):
        Costs.of(KRX, instrument="bond")


def test_slippage_in_ticks_is_noted_and_needs_a_tick_table() -> None:
    costs = Costs.of(KRX, slippage_ticks=1)
    assert costs.note("2024-01-02", "2024-02-01").endswith(
        "slippage 1 tick a side (5 bp a side off the tick grid)"
    )
    with pytest.raises(InputError, match="market none has none"):
        Costs.of(market_for("X", "none"), slippage_ticks=1)
    with pytest.raises(InputError, match="--slippage-ticks is -1"):
        Costs.of(KRX, slippage_ticks=-1)
