"""The size of a purchase against exact fractions."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strategies.shares import affordable_shares


@given(
    cash=st.integers(1, 10**9),
    hundredths=st.integers(1, 100),
    slots=st.integers(1, 30),
    price=st.integers(1, 10**6),
    lot=st.sampled_from([1, 10, 100]),
)
def test_the_shares_are_those_of_exact_arithmetic(cash, hundredths, slots, price, lot):
    exact = Fraction(hundredths, 100) * min(Fraction(cash), Fraction(cash, slots))
    budget = hundredths / 100 * min(float(cash), cash / slots)
    assert affordable_shares(budget, price, lot, cash) == exact // price // lot * lot


@pytest.mark.parametrize("slots", range(1, 31))
@pytest.mark.parametrize("fraction", ["0.3", "0.95", "0.1", "1.0"])
def test_a_budget_that_pays_exactly_buys_all(fraction, slots):
    """The cash is 40 x 2,500 won for each slot, over the fraction: 40 shares and not 39."""
    cash = float(Fraction(100_000 * slots) / Fraction(fraction))
    assert affordable_shares(float(fraction) * (cash / slots), 2_500, 1, cash) == 40


def test_the_cash_is_not_passed_by_a_last_digit():
    """One slot and all the cash: the broker refuses 40 shares of which the last digit is not paid."""
    cash = 99_999.99999999999
    assert affordable_shares(cash, 2_500, 1, cash) == 39
