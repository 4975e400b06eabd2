"""The end of a run on the terminal: the table, the diagnosis, the path of the page."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

from backtests.command.console import plain_console
from backtests.runs.folder import Finished
from backtests.studies.study import UNIVERSE
from backtests.writing.marks import AS_IS
from backtests.writing.numbers import (
    DASH,
    beside,
    count,
    level,
    listed,
    number,
    of_volume,
    percent,
    points,
)

Row = Mapping[str, Any]


def _below(row: Row) -> str:
    """Return on how many tickers of a universe the MAPE is below naive's."""
    return DASH if row["below_naive"] is None else f"{row['below_naive']} of {row['tickers']}"


#: The columns of the table, and those that a narrow terminal goes without.
FIGURES: tuple[tuple[str, Callable[[Row], str]], ...] = (
    ("MAPE", lambda row: points(row["mape"])),
    ("naive", lambda row: points(row["mape_naive"])),
    ("below", _below),
    ("gross", lambda row: percent(row["gross_return"])),
    ("cost", lambda row: percent(row["cost_return"], 1, sign=False)),
    ("net", lambda row: percent(row["total_return"])),
    ("of volume", lambda row: of_volume([row[f"fills_above_{n}"] for n in (1, 10, 100)])),
    ("even bp", lambda row: number(row["break_even_bps"], 0)),
    ("CAGR", lambda row: percent(row["cagr"])),
    ("Sharpe", lambda row: number(row["sharpe"])),
    ("drawdown", lambda row: percent(row["max_drawdown"])),
    ("exposure", lambda row: percent(row["exposure"], 0, sign=False)),
    ("trades", lambda row: str(row["trades"])),
)
ONLY_WIDE = ("gross", "cost", "even bp", "CAGR", "exposure")
WIDE, LOG_WIDTH, NAME = 156, 160, 14
#: More names than these are counted instead.
FEW = 8


def trained_by(manifest: Mapping[str, Any]) -> list[str]:
    """Return which networks torch trained, and why: it is the slower way unless it was asked for."""
    reasons: dict[str, dict[str, None]] = {}
    for forecasters in manifest["engines"].values():
        for name, engines in forecasters.items():
            for engine in engines:
                if why := engine.partition(": ")[2]:
                    reasons.setdefault(why, {})[name] = None
    return [
        f"{listed(list(names)) if len(names) <= FEW else count(len(names), 'network')}: trained by torch, "
        f"because {why}"
        for why, names in reasons.items()
    ]


def as_is_line(manifest: Mapping[str, Any]) -> str:
    """Return what ``--as-is`` let stand, by ticker and day; empty without it."""
    days = [f"{e['ticker']} on {', '.join(e['as_is'])}" for e in manifest["data"] if e["as_is"]]
    if not days:
        return ""
    return f": closes move as no market allows, every figure rests on that: {'; '.join(days)}"


def print_summary(finished: Finished) -> None:
    """Print the summary of a run to stdout."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    width = None if sys.stdout.isatty() else LOG_WIDTH
    console = plain_console(width)
    manifest = finished.manifest
    if finished.found:
        console.print("This run was there already, with the same key; nothing was trained again.")
    simulated = [entry["ticker"] for entry in manifest["data"] if entry["simulated"]]
    if simulated:
        warning = Text.assemble(
            ("SIMULATED", "bold red"), " bars, not real ones: ", ", ".join(simulated)
        )
        console.print(warning, soft_wrap=True)
    if line := as_is_line(manifest):
        console.print(Text.assemble((AS_IS, "bold red"), line), soft_wrap=True)
    pooled = UNIVERSE in manifest["findings"]
    console.print(title(manifest, pooled), style="bold", soft_wrap=True)
    several = len(manifest["findings"]) > 1
    as_is = {row["ticker"] for row in manifest["summary"] if row["as_is"]}

    def begin(ticker: str) -> str:
        """Return what a line about this account begins with."""
        return (f"{AS_IS}: " if ticker in as_is else "") + (f"{ticker}: " if several else "")

    wide = console.width >= WIDE
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    if several:
        table.add_column("ticker", no_wrap=True)
    table.add_column("forecaster", overflow="fold", min_width=NAME)
    table.add_column("strategy", overflow="fold", min_width=NAME)
    columns = [
        (heading, text)
        for heading, text in FIGURES
        if (wide or heading not in ONLY_WIDE) and (pooled or heading != "below")
    ]
    for heading, _ in columns:
        table.add_column(heading, justify="right", no_wrap=True)
    for row in manifest["summary"]:
        figures = [text(row) for _, text in columns]
        strategy = f"{row['strategy']} ({AS_IS})" if row["as_is"] else row["strategy"]
        names = [row["forecaster"] or "", strategy]
        worse = row["mape"] is not None and row["mape"] > row["mape_naive"]
        style = "dim" if worse else ""
        table.add_row(*([row["ticker"]] if several else []), *names, *figures, style=style)
    console.print(table)
    if any(row["fills_above_1"] for row in manifest["summary"]):
        console.print(
            "of volume: shares of the fills above 1, 10 and 100% of the day's volume",
            soft_wrap=True,
        )
    for ticker, sentences in manifest["verdict"].items():
        for sentence in sentences:
            console.print(f"{begin(ticker)}{sentence}", style="bold", soft_wrap=True)
    for ticker, ledger in manifest["deflated"].items():
        trials, new = count(ledger["trials"], "trial"), ledger["new"] or "none"
        looked = f"{trials} on these prices so far, {new} new, in {ledger['file']}"
        console.print(f"- {begin(ticker)}{looked}", soft_wrap=True)
    for line in trained_by(manifest):
        console.print(f"- {line}", soft_wrap=True)
    for ticker, sentences in manifest["findings"].items():
        for sentence in sentences:
            console.print(f"- {begin(ticker)}{sentence}", soft_wrap=True)
    for group in _diagnosed(manifest):
        first, days = group[0], count(group[0]["days"], "day")
        if first["tickers"] > 1:
            days += f" of {first['tickers']} tickers"
        needed = f"{first['strategy']} needs a forecast of {level(first['threshold'])}"
        mark = f"{AS_IS}: " if first["ticker"] in as_is else ""
        console.print(f"\n{mark}{first['ticker']}: {needed}", style="bold", soft_wrap=True)
        if any(not entry["trades"] and not entry["flat"] for entry in group):
            console.print(
                f"{days}: on how many forecast and price rose so much or more", soft_wrap=True
            )
            console.print(_why(group))
        for sentence in (group[-1]["market"], *(entry["sentences"][0] for entry in group)):
            console.print(f"- {mark}{sentence}", soft_wrap=True)
    console.print(f"{finished.index}", soft_wrap=True)


def _diagnosed(manifest: Mapping[str, Any]) -> list[list[dict[str, Any]]]:
    """Return the diagnoses of each ticker and rule, forecaster by forecaster."""
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for entry in manifest["diagnosis"]:
        groups.setdefault((entry["ticker"], entry["strategy"]), []).append(entry)
    return list(groups.values())


def _why(group: list[dict[str, Any]]) -> Any:
    """Return the table that says how far the forecasts were from the threshold."""
    from rich import box
    from rich.table import Table

    first = group[0]
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    table.add_column("forecaster", overflow="fold")
    table.add_column("largest", justify="right")
    for passed in first["passed"]:
        table.add_column(level(passed["level"], sign=False), justify="right")
    table.add_column("inputs outside training", justify="right")
    for e in group:
        counts = [str(passed["forecast"]) for passed in e["passed"]]
        table.add_row(
            e["forecaster"],
            beside(e["largest"], e["threshold"]),
            *counts,
            percent(e["outside_share"], 0, sign=False),
        )
    price = [str(passed["came"]) for passed in first["passed"]]
    table.add_row("the price itself", "", *price, "")
    return table


def title(manifest: Mapping[str, Any], pooled: bool) -> str:
    """Return what was run, and on which bars."""
    data = manifest["data"][0]
    if pooled:
        every = manifest["data"]
        first, last = min(d["first"] for d in every), max(d["last"] for d in every)
        largest = manifest["accounts"][UNIVERSE]["largest"]
        chosen = f", the {largest} largest bought" if largest else ""
        return f"One account for {count(len(every), 'ticker')}{chosen}, {first} to {last}, source {data['source']}"
    sessions = count(data["rows"], "session")
    return f"{data['ticker']} {data['first']} to {data['last']}, {sessions}, source {data['source']} ({data['vendor']})"
