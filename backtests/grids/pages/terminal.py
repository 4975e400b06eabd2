"""What a finished grid prints: the head of its ranked table, its findings, the path of its page."""

from __future__ import annotations

import sys

from backtests.command.console import plain_console
from backtests.grids.pages.ranking_table import ranking_table
from backtests.runs.folder import Finished
from backtests.runs.terminal import LOG_WIDTH, NAME, as_is_line, title, trained_by
from backtests.writing.marks import AS_IS
from backtests.writing.numbers import count

#: Rows of the table; the rest is in the files.
SHOWN = 12
#: Columns that a terminal has no room for.
LEFT_OUT = ("NRMSE", "S3 NRMSE", "NRMSE, range", "RMSE", "p of r", "R2, returns", "p worse", "S3 r")


def print_ranking(finished: Finished) -> None:
    """Print the ranking of a grid to stdout, naive first."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    manifest = finished.manifest
    width = None if sys.stdout.isatty() else LOG_WIDTH
    console = plain_console(width)
    if finished.found:
        console.print("This grid was there already, with the same key; nothing was trained again.")
    if manifest["data"][0]["simulated"]:
        console.print(Text.assemble(("SIMULATED", "bold red"), " bars, not real ones"))
    if line := as_is_line(manifest):
        console.print(Text.assemble((AS_IS, "bold red"), line), soft_wrap=True)
    console.print(title(manifest, pooled=False), style="bold", soft_wrap=True)
    headings, rows = ranking_table(manifest["ranking"], manifest["crossed"], manifest["s3"])
    keep = [i for i, heading in enumerate(headings) if heading not in LEFT_OUT]
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold", padding=(0, 1, 0, 0))
    for i in keep:
        table.add_column(
            headings[i],
            justify="right" if i else "left",
            overflow="fold",
            min_width=0 if i else NAME,
        )
    for row in rows[: SHOWN + 1]:
        table.add_row(*(row[i] for i in keep))
    console.print(table)
    if len(rows) > SHOWN + 1:
        console.print(f"{count(len(rows) - SHOWN - 1, 'more row')} in ranking.md and on the page")
    mark = f"{AS_IS}: " if as_is_line(manifest) else ""
    for sentence in manifest["verdict"]:
        console.print(f"{mark}{sentence}", style="bold", soft_wrap=True)
    for line in (*trained_by(manifest), *manifest["findings"]):
        console.print(f"- {mark}{line}", soft_wrap=True)
    console.print(f"{finished.index}", soft_wrap=True)
