"""The tables of a run as a reader follows them: with the bars, a pencil and no code of ours."""

import csv
import math
from contextlib import redirect_stdout
from io import StringIO

import numpy as np
import pytest

from backtests.run import main


def write_bars(path):
    """Write 900 sessions on the tick grid of 50 won that fall back from what they rose.

    Some have prices and no volume: nothing can be traded on them.
    """
    rng = np.random.default_rng(5)
    days = np.busday_offset("2016-06-01", np.arange(900))
    close = np.empty(900)
    last, shock = 600.0, 0.0  # in ticks
    for t in range(900):
        shock = rng.normal(0, 9) - 0.6 * shock
        last = min(max(last + shock, 400), 900)
        close[t] = round(last)
    opened = np.clip(np.append(close[0], close[:-1]) + rng.integers(-3, 4, 900), 400, 900)
    high = np.maximum(opened, close) + rng.integers(0, 4, 900)
    low = np.minimum(opened, close) - rng.integers(0, 4, 900)
    with path.open("w", encoding="utf-8") as file:
        file.write("Date,Open,High,Low,Close,Volume\n")
        for t, day in enumerate(days):
            prices = ",".join(str(int(50 * column[t])) for column in (opened, high, low, close))
            volume = rng.integers(10_000, 20_000) if rng.random() > 0.15 else 0
            file.write(f"{day},{prices},{volume}\n")


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Return bars by date, fills, trades and orders of one run, as text from its files."""
    folder = tmp_path_factory.mktemp("tables")
    write_bars(folder / "MADE.KS.csv")
    flags = (
        "--ticker MADE.KS --start 2016-01-01 --end 2020-12-31 --forecaster linear:target=return "
        "--strategy five_percent --threshold 0.005 --tearsheets none --seeds 1 --shifts 0 --jobs 1 --quiet --json"
    ).split()
    with redirect_stdout(StringIO()):
        assert main([*flags, "--data-dir", str(folder), "--out", str(folder / "runs")]) == 0
    (made,) = (folder / "runs").glob("*/")
    bars = {row["Date"]: {k: float(v) for k, v in row.items() if k != "Date"}
            for row in rows_of(folder / "MADE.KS.csv")}  # fmt: skip
    tables = [rows_of(made / f"{name}.csv") for name in ("fills", "trades", "orders")]
    fills, trades, orders = (
        [row for row in table if row["forecaster"].startswith("linear")] for table in tables
    )
    return bars, fills, trades, orders


def test_every_fill_can_be_followed_from_the_bars(written):
    bars, fills, _, _ = written
    days = list(bars)
    cash, held = 100_000_000.0, 0
    assert len(fills) > 20
    for fill in fills:
        bar, size, price = bars[fill["session"]], int(fill["size"]), float(fill["price"])
        opened, bought = bar["Open"], fill["side"] == "buy"
        assert bar["Volume"] > 0
        assert fill["decided"] < fill["session"]
        # 5 bp of 20,000 to 45,000 won are less than the tick of 50: one tick, within the day's range
        assert price == (min(opened + 50, bar["High"]) if bought else max(opened - 50, bar["Low"]))
        assert float(fill["slippage"]) == pytest.approx(size * abs(price - opened), abs=1e-6)
        assert float(fill["commission"]) == pytest.approx(size * price * 0.00015, abs=1e-4)
        if bought:
            assert held == 0 and days.index(fill["session"]) == days.index(fill["decided"]) + 1
            assert size == math.floor(0.95 * cash / opened)
            cash -= size * price * 1.00015
            assert float(fill["tax"]) == 0
        else:
            rate = 0.0030 if fill["session"] < "2019-05-30" else 0.0025
            assert size == held
            cash += size * price * (1 - 0.00015 - rate)
            assert float(fill["tax"]) == pytest.approx(size * price * rate, abs=1e-4)
        held = size if bought else 0
        assert float(fill["cash"]) == pytest.approx(cash, abs=0.01)
    assert {fill["session"] < "2019-05-30" for fill in fills if fill["side"] == "sell"} == {
        True,
        False,
    }


def test_every_trade_is_a_purchase_and_its_sale(written):
    bars, fills, trades, _ = written
    days = list(bars)
    closed = [trade for trade in trades if trade["exit"]]
    assert len(trades) == math.ceil(len(fills) / 2) and len(closed) == len(fills) // 2
    for trade, bought, sold in zip(closed, fills[::2], fills[1::2], strict=False):
        assert (trade["decided"], trade["entry"]) == (bought["decided"], bought["session"])
        assert (trade["exit"], trade["reason"]) == (sold["session"], sold["reason"])
        paid = int(trade["size"]) * float(bought["price"]) + float(bought["commission"])
        got = int(trade["size"]) * float(sold["price"])
        got -= float(sold["commission"]) + float(sold["tax"])
        assert float(trade["return_net"]) == pytest.approx(got / paid - 1, abs=1e-11)
        opens = [bars[trade[name]]["Open"] for name in ("entry", "exit")]
        assert float(trade["return_gross"]) == pytest.approx(opens[1] / opens[0] - 1, abs=1e-11)
        held = days.index(trade["exit"]) - days.index(trade["entry"])
        assert int(trade["sessions_held"]) == held
        # the exit: the first close 0.5% above that of the decision, sold at the next day with volume
        goal = bars[trade["decided"]]["Close"] * 1.005
        after = days[days.index(trade["entry"]) :]
        reached = next(day for day in after if bars[day]["Close"] >= goal)
        later = days[days.index(reached) + 1 :]
        assert trade["exit"] == next(day for day in later if bars[day]["Volume"])


def test_every_order_that_did_not_fill_says_why(written):
    bars, fills, _, orders = written
    assert {order["side"] for order in orders} == {"buy", "sell"}
    filled = {fill["session"] for fill in fills}
    for order in orders:
        assert order["why"] == "no volume"
        assert bars[order["session"]]["Volume"] == 0
        assert order["session"] not in filled
        assert int(order["size"]) > 0
        assert order["decided"] < order["session"]
