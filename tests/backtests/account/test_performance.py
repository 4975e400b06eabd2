"""The figures of a curve of five sessions, by hand, and what a Result refuses and freezes."""

import hashlib
import math
from dataclasses import replace

import numpy as np
import pytest

from backtests.account.performance import FIGURES, performance
from backtests.account.result import BLOCKED, REASONS, Fill, Result, Trade, Unfilled
from backtests.report.rows import COLUMNS
from forecasters.errors import InputError

# 365 days from the first to the last session: 365 / 365.25 years.
DAYS = np.array(
    ["2023-01-02", "2023-01-03", "2023-06-01", "2023-12-29", "2024-01-02"], "datetime64[D]"
)
EQUITY = np.array([100.0, 110.0, 88.0, 88.0, 121.0])
CASH = np.array([100.0, 55.0, 22.0, 88.0, 0.0])
COSTS = np.array([0.0, 1.0, 1.0, 3.0, 4.0])
BOUGHT = Fill("2023-01-02", "2023-01-03", "T", "buy", 5, 10.0, 1.0, 0.0, 0.0, 50.0, "forecast")
CLOSED = Trade("T", "2023-01-02", "2023-01-03", "2023-12-29", 10, 9, 5, 2, -0.1, -0.12, 3, "entry")
OPEN = replace(CLOSED, entry="2024-01-02", exit=None, reason="open at the end")


def result_of(equity=EQUITY, **changes):
    n = len(equity)
    made = Result(
        "T", "cnn", "five_percent", DAYS[:n].copy(), np.array(equity, dtype=float), CASH[:n].copy(),
        COSTS[:n].copy(), (BOUGHT,), (CLOSED, OPEN), 4.0, 1, 2, 3,
    )  # fmt: skip
    return replace(made, **changes)


def test_the_figures_of_a_small_curve_by_hand():
    figures = performance(result_of())
    # Daily returns +10%, -20%, 0, +37.5%; mean 27.5% / 4; squared deviations from it, n - 1 = 3.
    mean = 0.275 / 4
    spread = math.sqrt(((0.1 - mean) ** 2 + (-0.2 - mean) ** 2 + mean**2 + (0.375 - mean) ** 2) / 3)
    assert figures == {
        "total_return": pytest.approx(0.21),
        "gross_return": pytest.approx(0.25),  # 121 and the 4 that were paid
        "cost_return": pytest.approx(0.04),
        "cost_bps": pytest.approx(800),  # 4 of the 50 bought
        "break_even_bps": pytest.approx(5_000),  # the 25 gained before costs, of the 50
        "turnover": pytest.approx(25 / 101.4 / (5 / 4)),  # half the 50, mean equity, 5 of 4 a year
        "cagr": pytest.approx(1.21 ** (365.25 / 365) - 1),
        "sharpe": pytest.approx(mean / spread * 2),  # the root of 4 sessions a year
        "max_drawdown": pytest.approx(-0.2),  # from 110 to 88
        "exposure": pytest.approx((0 + 0.5 + 0.75 + 0 + 1) / 5),
        "trades": 2,
        "closed_trades": 1,
        "costs": 4.0,
        "rejected": 1,
        "expired": 2,
        "unaffordable": 3,
        "blocked": 0,
        "fills_above_1": None,
        "fills_above_10": None,
        "fills_above_100": None,
    }


def test_all_returns_are_measured_from_the_cash_at_the_start():
    result = result_of(start_cash=125.0)
    assert result.returns == pytest.approx([-0.2, 0.1, -0.2, 0.0, 0.375])
    figures = performance(result)
    assert figures["total_return"] == pytest.approx(121 / 125 - 1)
    assert figures["gross_return"] == pytest.approx(0.0)
    assert figures["cagr"] == pytest.approx((121 / 125) ** (365.25 / 365) - 1)
    assert figures["max_drawdown"] == pytest.approx(88 / 125 - 1)
    assert result_of().base == 100.0
    assert result_of().returns[0] == 0.0
    assert performance(result_of(start_cash=100.0)) == performance(result_of())


@pytest.mark.parametrize(
    ("equity", "missing"),
    [
        ([100.0], {"cagr", "sharpe"}),  # one session: no time went by
        ([100.0, 110.0], {"sharpe"}),  # one return has no deviation
        ([100.0, 100.0, 100.0], {"sharpe"}),  # nor have equal ones
        ([100.0, 50.0, -10.0], {"cagr"}),  # more than all is lost
    ],
)
def test_a_figure_without_a_meaning_is_none(equity, missing):
    figures = performance(result_of(equity))
    unknown = {f"fills_above_{share}" for share in (1, 10, 100)}  # no volumes are given
    assert {name for name, value in figures.items() if value is None} == missing | unknown


def test_at_the_break_even_cost_a_rule_ends_where_it_began():
    """Bought at 100, sold at 110; the cost of each side is a share of the price before slippage."""
    for bps in (0.0, 7.0, 10_000 * 100 / 2_100):  # 100 gained on 1,000 bought and 1,100 sold
        fees = [1_000 * bps / 10_000, 1_100 * bps / 10_000]
        # half of each fee is commission, half slippage that is in the price
        fills = (
            Fill("a", "b", "T", "buy", 10, 100 + fees[0] / 20, fees[0] / 2, 0, fees[0] / 2, 0, ""),
            Fill("b", "c", "T", "sell", 10, 110 - fees[1] / 20, fees[1] / 2, 0, fees[1] / 2, 0, ""),
        )
        end = 5_000 + 100 - sum(fees)
        made = result_of(
            [5_000.0, end], cash=np.array([5_000.0, end]), costs=np.array([0.0, sum(fees)]),
            fills=fills,
        )  # fmt: skip
        figures = performance(made)
        assert figures["break_even_bps"] == pytest.approx(10_000 * 100 / 2_100)
        assert figures["cost_bps"] == pytest.approx(bps)
        assert figures["gross_return"] - figures["cost_return"] == pytest.approx(
            figures["total_return"]
        )
        assert figures["total_return"] == pytest.approx((100 - sum(fees)) / 5_000)
    assert figures["total_return"] == pytest.approx(0, abs=1e-12)


def test_without_a_fill_no_cost_breaks_even():
    figures = performance(result_of(fills=(), costs=np.zeros(5)))
    assert (figures["break_even_bps"], figures["cost_bps"], figures["turnover"]) == (None, None, 0)


def test_a_rule_that_loses_without_costs_breaks_even_below_zero():
    figures = performance(result_of([100.0, 90.0], costs=np.array([0.0, 2.0])))
    assert figures["break_even_bps"] == pytest.approx(10_000 * (92 - 100) / 50)


def test_what_the_market_held_back_is_counted_apart():
    held = [Unfilled("a", "b", "T", "buy", 1, why) for why in REASONS]
    assert len(BLOCKED) == 8
    assert performance(result_of(unfilled=tuple(held)))["blocked"] == 8
    with pytest.raises(InputError, match=r"Unfilled.why is 'bored'; known: unaffordable, "):
        result_of(unfilled=(replace(held[0], why="bored"),))


def test_a_curve_that_never_falls_has_no_drawdown():
    assert performance(result_of([100.0, 100.0, 101.0]))["max_drawdown"] == 0.0


def test_a_result_freezes_copies_and_leaves_the_arrays_of_its_maker_alone():
    arrays = {
        "sessions": DAYS.copy(),
        "equity": EQUITY.copy(),
        "cash": CASH.copy(),
        "costs": COSTS.copy(),
    }
    result = result_of(**arrays)
    digest = result.digest
    for name, array in arrays.items():
        array[0] = array[1]  # still theirs
        with pytest.raises(ValueError, match="read-only"):
            getattr(result, name)[0] = array[1]
    assert result.digest == digest
    assert result.equity[0] == 100.0


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"cash": CASH[:3]}, "cash must be 5"),
        ({"equity": np.array([1, 2, np.nan, 4, 5.0])}, "equity must be 5 finite"),
        ({"start_cash": 0.0}, "start_cash"),
        ({"start_cash": math.inf}, "start_cash"),
        ({"start_cash": math.nan}, "start_cash"),
    ],
)
def test_a_result_that_cannot_be_is_refused(changes, word):
    with pytest.raises(InputError, match=word):
        result_of(**changes)


def test_each_digest_says_which_part_of_a_result_differs():
    base = result_of()
    parts = ("T", "cnn--five_percent", base.equity_digest, base.fills_digest)
    assert base.digest == hashlib.sha256("|".join(parts).encode()).hexdigest()
    other = base.equity.copy()
    other[2] = np.nextafter(other[2], 0)
    cases = {
        ("equity_digest", "digest"): {"equity": other},
        ("fills_digest", "digest"): {"fills": ()},
        ("digest",): {"strategy": "buy_and_hold"},
        (): {"expired": 9},
    }
    for changed, change in cases.items():
        made = replace(base, **change)
        names = ("equity_digest", "fills_digest", "digest")
        assert tuple(n for n in names if getattr(made, n) != getattr(base, n)) == changed
    later = replace(base, sessions=base.sessions + np.timedelta64(1, "D"))
    assert later.equity_digest != base.equity_digest
    assert result_of(account="U").digest != base.digest


def test_the_names_of_the_figures_are_all_of_them_in_their_order():
    """A column of metrics.csv is made of each: one that the names lack would be lost."""
    assert tuple(performance(result_of())) == FIGURES
    assert set(FIGURES) <= set(COLUMNS)
