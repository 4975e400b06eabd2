"""What buying and selling again would cost, with any broker of Backtrader."""

from __future__ import annotations

from typing import Any

import backtrader as bt
import pytest

from strategies.round_trip import round_trip, slipped


class SaleTax(bt.CommInfoBase):  # type: ignore[misc]
    """0.1% of each side, and 0.2% more of a sale."""

    def _getcommission(self, size: float, price: float, pseudoexec: bool) -> float:
        return abs(size) * price * (0.001 if size > 0 else 0.003)


class InTens(bt.brokers.BackBroker):  # type: ignore[misc]
    """Fills at the next ten, against the trader: a broker with a rule of its own."""

    def slipped(self, data: Any, price: float, sign: int) -> int:
        return int(price // 10 * 10 + 10 * (sign > 0))


def broker_of(kind: Any = bt.brokers.BackBroker, **slippage: float) -> Any:
    """Return a broker with this slippage and the sale tax."""
    broker = kind(**slippage)
    broker.addcommissioninfo(SaleTax())
    return broker


DATA = type("Data", (), {"_name": "A.KS"})()


@pytest.mark.parametrize(
    ("slippage", "bought", "sold"),
    [
        ({}, 1000, 1000),
        ({"slip_perc": 0.002}, 1002, 998),
        ({"slip_fixed": 5.0}, 1005, 995),
        ({"slip_perc": 0.002, "slip_fixed": 5.0}, 1002, 998),  # Backtrader takes the share first
    ],
)
def test_slippage_is_that_of_backtraders_broker(
    slippage: dict[str, float], bought: float, sold: float
) -> None:
    broker = broker_of(**slippage)
    assert slipped(broker, DATA, 1000.0, 1) == pytest.approx(bought)
    assert slipped(broker, DATA, 1000.0, -1) == pytest.approx(sold)
    # Backtrader's own broker agrees, within the range of the day
    if slippage:
        assert broker._slip_up(2000.0, 1000.0) == pytest.approx(bought)
        assert broker._slip_down(0.0, 1000.0) == pytest.approx(sold)


def test_a_broker_with_a_rule_of_its_own_is_asked() -> None:
    broker = broker_of(InTens, slip_perc=0.5)
    assert [slipped(broker, DATA, 1003.0, sign) for sign in (1, -1)] == [1010, 1000]


def test_a_round_trip_is_the_fees_and_the_slippage_of_both_sides() -> None:
    assert round_trip(broker_of(), DATA, 1000.0, 7) == pytest.approx(0.001 + 0.003)
    share = round_trip(broker_of(slip_perc=0.002), DATA, 1000.0, 7)
    assert share == pytest.approx(0.004 + 2 * 0.002)
    assert round_trip(broker_of(InTens), DATA, 1003.0, 7) == pytest.approx(0.004 + 10 / 1003)
