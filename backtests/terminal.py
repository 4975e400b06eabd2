"""The end of a run on the terminal: the table, the diagnosis, the path of the page."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

from backtests.formatting import count, money, number, percent, points
from backtests.runner import Finished

Row = Mapping[str, Any]

#: The columns of the table, and those that a narrow terminal goes without.
FIGURES: tuple[tuple[str, Callable[[Row], str]], ...] = (
    ("MAPE", lambda row: points(row["mape"])),
    ("naive", lambda row: points(row["mape_naive"])),
    ("net", lambda row: percent(row["total_return"])),
    ("gross", lambda row: percent(row["gross_return"])),
    ("CAGR", lambda row: percent(row["cagr"])),
    ("Sharpe", lambda row: number(row["sharpe"])),
    ("drawdown", lambda row: percent(row["max_drawdown"])),
    ("exposure", lambda row: percent(row["exposure"], 0, sign=False)),
    ("trades", lambda row: str(row["trades"])),
    ("costs", lambda row: money(row["costs"])),
)
ONLY_WIDE = ("gross", "CAGR", "exposure", "costs")
WIDE, LOG_WIDTH = 116, 132


def print_summary(finished: Finished) -> None:
    """Print the summary of a run to stdout."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False, width=None if sys.stdout.isatty() else LOG_WIDTH)
    manifest = finished.manifest
    simulated = [entry["ticker"] for entry in manifest["data"] if entry["simulated"]]
    if simulated:
        console.print(f"[bold red]SIMULATED[/] bars, not real ones: {', '.join(simulated)}")
    console.print(f"[bold]{_title(manifest)}[/]", soft_wrap=True)
    several = len(manifest["config"]["ticker"]) > 1
    wide = console.width >= WIDE
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    if several:
        table.add_column("ticker", no_wrap=True)
    table.add_column("forecaster", overflow="fold")
    table.add_column("strategy", no_wrap=True)
    for heading, _ in FIGURES:
        if wide or heading not in ONLY_WIDE:
            table.add_column(heading, justify="right", no_wrap=True)
    for row in manifest["summary"]:
        figures = [text(row) for heading, text in FIGURES if wide or heading not in ONLY_WIDE]
        names = [row["forecaster"] or "", row["strategy"]]
        style = "dim" if row["beats_naive"] is False else ""
        table.add_row(*([row["ticker"]] if several else []), *names, *figures, style=style)
    console.print(table)
    for ticker, sentences in manifest["findings"].items():
        for sentence in sentences:
            console.print(f"- {ticker + ': ' if several else ''}{sentence}", soft_wrap=True)
    for entry in _never_bought(manifest):
        console.print(_why(entry))
    if finished.found:
        console.print("This run was there already, with the same key; nothing was trained again.")
    console.print(f"{finished.index}", soft_wrap=True)


def _never_bought(manifest: Mapping[str, Any]) -> list[list[dict[str, Any]]]:
    """Return the diagnoses, by ticker and rule, of the rules that no forecaster but naive moved to buy."""
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for entry in manifest["diagnosis"]:
        groups.setdefault((entry["ticker"], entry["strategy"]), []).append(entry)
    return [
        group for group in groups.values() if any(not e["trades"] and not e["flat"] for e in group)
    ]


def _why(group: list[dict[str, Any]]) -> Any:
    """Return the table that says how far the forecasts were from the threshold."""
    from rich import box
    from rich.table import Table

    first = group[0]
    needed = percent(first["threshold"])
    table = Table(
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        title=f"{first['ticker']}: {first['strategy']} needs a forecast of {needed}; days on which it reached",
        title_justify="left",
        header_style="bold",
    )
    table.add_column("forecaster", overflow="fold")
    table.add_column("largest", justify="right")
    for passed in first["passed"]:
        table.add_column(percent(passed["level"], sign=False), justify="right")
    table.add_column("outside", justify="right")
    for e in group:
        counts = [str(passed["forecast"]) for passed in e["passed"]]
        table.add_row(
            e["forecaster"],
            percent(e["largest"]),
            *counts,
            percent(e["outside_share"], 0, sign=False),
        )
    price = [str(passed["came"]) for passed in first["passed"]]
    table.add_row("the price itself", "", *price, "")
    foresight = percent(first["foresight_return"])
    table.caption_justify = "left"
    table.caption = (
        f"{first['days']} days; outside: inputs beyond the training range; a perfect forecaster of these "
        f"days would have earned {foresight} after costs"
    )
    return table


def _title(manifest: Mapping[str, Any]) -> str:
    data = manifest["data"][0]
    sessions = count(data["rows"], "session")
    return f"{data['ticker']} {data['first']} to {data['last']}, {sessions}, source {data['source']} ({data['vendor']})"
