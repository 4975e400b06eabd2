"""How the figures of the page are computed."""

from __future__ import annotations

from backtests.studies.study import Study


def conventions(study: Study) -> list[str]:
    """Return how the figures of the page are computed, a sentence or more an item."""
    bars = next(iter(study.bars.values()))
    a_year = study.results[0].periods_per_year if study.results else bars.periods_per_year
    return [
        "CAGR is over calendar days, 365.25 a year. The Sharpe ratio is that of daily returns without a risk-free "
        f"rate, times the square root of {a_year:.1f}, the out-of-sample sessions a year.",
        "Gross: the same fills, with commission, tax and slippage added back; it is not a run without costs. Costs "
        "are a share of the cash at the start; gross less costs is net. Break-even is the cost of a side, in "
        "basis points of the value traded, at which the same fills would have earned nothing; beside it is what they "
        "paid.",
        "Exposure is the mean share of the equity in stocks at the close. Trades counts purchases, also those that are "
        "still held.",
        "A day is judged where both the forecast and the close exist. Halts are left out: a repeated close would "
        "favour naive. Naive is judged on the same days as each forecaster.",
        *(
            [
                f"Forecasts look {study.horizon} sessions ahead: a rule compares such a forecast with the close it was "
                "made at, and trades day by day."
            ]
            if study.horizon > 1
            else []
        ),
        "Equity, and buy and hold beside it, cover the out-of-sample sessions only.",
        *(
            [
                "The account begins with the first forecast of any ticker; a ticker listed later joins with its "
                "first forecast. Buy and hold holds every ticker of the account in equal parts from its first open on, "
                "whichever of them the rules may buy: the line of the market."
            ]
            if study.pooled
            else []
        ),
    ]
