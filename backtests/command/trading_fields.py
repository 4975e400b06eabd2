"""The part of a configuration that says how forecasts are traded: rules, account, costs."""

from __future__ import annotations

from dataclasses import dataclass

from backtests.command.flag import RUN, TRADING, Part, flag

#: A hundred percent is 10,000 basis points: a slippage of that would make a price zero.
RATE = {"least": 0, "below": 10_000, "unit": "basis points (5 is 0.05%)"}
SHARE = "(a share: 0.05 is 5%)"


@dataclass(frozen=True, kw_only=True)
class TradingFields:
    """Every value behind a trade. None means: the default of the rule or of the market."""

    strategy: tuple[str, ...] = flag(
        ("five_percent", "quantile", "direction"),
        "names, names with settings (five_percent:exit=touch) or files; buy_and_hold always runs too",
        part=Part.RULES,
        commands=TRADING,
    )
    threshold: float | None = flag(
        None,
        "the rule's 5%%, as a share (default 0.05)",
        part=Part.RULES,
        commands=TRADING,
        above=0,
        below=1,
        unit=SHARE,
        setting_of="strategy",
    )
    exit: str | None = flag(
        None,
        "when the rule sells (`backtests list strategies` names the choices; default: the rule's)",
        part=Part.RULES,
        commands=TRADING,
        setting_of="strategy",
    )
    fill: str | None = flag(
        None,
        "where a decision fills: at the next open, or at the close of the decision (default open)",
        part=Part.RULES,
        commands=TRADING,
        setting_of="strategy",
    )
    first_exit: int | None = flag(
        None,
        "first session in which the exit is tested (default 1)",
        part=Part.RULES,
        commands=TRADING,
        least=1,
        most=1_000_000,
        setting_of="strategy",
    )
    max_hold: int | None = flag(
        None,
        "sell after this number of sessions (default: never)",
        part=Part.RULES,
        commands=TRADING,
        least=1,
        most=1_000_000,
        none="never",
        setting_of="strategy",
    )
    stop_loss: float | None = flag(
        None,
        "sell when a close is this share below the price paid (default: no stop)",
        part=Part.RULES,
        commands=TRADING,
        above=0,
        below=1,
        unit=SHARE,
        none="no stop",
        setting_of="strategy",
    )
    slots: int = flag(
        10,
        "equal parts of a universe's equity, each for one position",
        part=Part.COSTS,
        commands=RUN,
        least=1,
        most=1_000_000,
    )
    cash: float | None = flag(
        None,
        "cash at the start (default: 100 million won, 100,000 dollars)",
        part=Part.COSTS,
        commands=TRADING,
        above=0,
        most=1e18,
    )
    cash_fraction: float = flag(
        0.95,
        "share of the cash that a purchase may use",
        part=Part.COSTS,
        commands=TRADING,
        above=0,
        most=1,
        unit="(a share: 0.95 is 95%)",
    )
    market: str = flag(
        "auto",
        "whose costs hold: auto (by the ticker), or a name of `backtests list markets`",
        part=Part.COSTS,
        commands=TRADING,
    )
    instrument: str = flag(
        "stock",
        "what is traded: funds have other taxes and ticks",
        part=Part.COSTS,
        commands=TRADING,
        choices=("stock", "etf"),
    )
    commission_bps: float | None = flag(
        None,
        "commission a side, basis points (default: the market's)",
        part=Part.COSTS,
        commands=TRADING,
        **RATE,
    )
    tax_bps: float | None = flag(
        None,
        "tax on sales, basis points (default: the market's table by date)",
        part=Part.COSTS,
        commands=TRADING,
        **RATE,
    )
    slippage_bps: float = flag(
        5.0, "slippage a side, basis points", part=Part.COSTS, commands=TRADING, **RATE
    )
    slippage_ticks: int | None = flag(
        None,
        "slippage a side in ticks, instead of basis points, where the bars lie on the market's grid",
        part=Part.COSTS,
        commands=TRADING,
        least=0,
        most=1_000_000,
        none="in basis points",
    )
    volume_cap: float | None = flag(
        None,
        "largest share of a day's volume that an order may take: 0.1 (default: no cap)",
        part=Part.COSTS,
        commands=TRADING,
        above=0,
        most=1,
        unit="(a share: 0.1 is 10%)",
        none="no cap",
    )
