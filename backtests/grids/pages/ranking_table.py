"""The ranked table of a grid as text: its headings, what they mean, and its cells."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from backtests.writing.numbers import DASH, number, p_text, percent, points

#: Headings, and the cells of each row.
Table = tuple[list[str], list[list[str]]]


@dataclass(frozen=True)
class Column:
    """One column of the table.

    Attributes
    ----------
    heading, key : str
        What stands at its top, and the key of its value in a ranked row.
    text : callable
        From a value to its cell.
    meaning : str
        What the heading means, for the mouse and for screen readers; may be empty.
    """

    heading: str
    key: str
    text: Callable[[Any], str]
    meaning: str = ""

    @property
    def of_s3(self) -> bool:
        """Whether the column stands only beside S3's grid: S3's figures, and the r that it prints."""
        return self.key.startswith(("published", "pearson"))

    @property
    def of_seeds(self) -> bool:
        """Whether the column stands only where there are several seeds."""
        return self.key.startswith("mape_seed")


def _ratio(value: float | None) -> str:
    return number(value, 3)


COLUMNS = (
    Column("Rank", "rank", lambda place: DASH if place is None else str(place)),
    Column(
        "MAPE",
        "mape",
        points,
        "mean absolute percentage error of the forecast close on the test rows",
    ),
    Column(
        "Lowest seed", "mape_seed_min", points, "the lowest MAPE of one seed alone on the test rows"
    ),
    Column("Highest seed", "mape_seed_max", points, "the highest MAPE of one seed alone"),
    Column("S3 MAPE", "published_mape", points, "published by S3, of other data"),
    Column(
        "\u00f7 naive",
        "mape_over_naive",
        number,
        "MAPE over that of naive; below 1 is a smaller error",
    ),
    Column("NRMSE", "nrmse", points, "RMSE over the mean close"),
    Column("S3 NRMSE", "published_nrmse", points, "published by S3, of other data"),
    Column(
        "Validation MAPE",
        "validation_mape",
        points,
        "MAPE of the rows kept aside from training, before the test",
    ),
    Column(
        "Gain",
        "gain",
        percent,
        "1 less mean absolute error of the log return over naive's; above 0 is better",
    ),
    Column(
        "p better",
        "p_better",
        p_text,
        "Diebold-Mariano, one-sided, adjusted by Holm over all forecasters here",
    ),
    Column("p worse", "p_worse", p_text, "the same for worse than naive"),
    Column(
        "r, levels",
        "pearson",
        _ratio,
        "Pearson's correlation of actual and forecast closes: high for naive too",
    ),
    Column("S3 r", "published_pearson", _ratio, "published by S3 for the best of each kind"),
    Column(
        "p of r",
        "pearson_p",
        p_text,
        "significance of r as S3 prints it; the days are not independent, so it means nothing",
    ),
    Column(
        "R2, returns",
        "r2_return",
        _ratio,
        "1 less squared error over naive's, in log returns; naive is 0",
    ),
    Column(
        "RMSE",
        "rmse",
        lambda value: number(value, 0 if value and value >= 1000 else 2),
        "in the currency of the prices",
    ),
    Column("NRMSE, range", "nrmse_range", points, "RMSE over the range of closes"),
)


def ranking_table(rows: Sequence[Mapping[str, Any]], crossed: Iterable[str], s3: bool) -> Table:
    """Return headings and cells of the ranked table.

    The forecaster and its crossed values come first, instead of its whole label.

    Parameters
    ----------
    rows : sequence of mapping
        The ranked rows, naive first.
    crossed : iterable of str
        The crossed fields.
    s3 : bool
        The grid is S3's: its figures stand beside ours.
    """
    several = any(row["mape_seed_min"] is not None for row in rows)
    shown = [
        column
        for column in COLUMNS
        if (s3 or not column.of_s3) and (several or not column.of_seeds)
    ]
    names = list(crossed)
    headings = ["Forecaster", *names, *(column.heading for column in shown)]
    cells = [
        [
            row["base"],
            *(row[name] or DASH for name in names),
            *(column.text(row[column.key]) for column in shown),
        ]
        for row in rows
    ]
    return headings, cells


def meaning_of(heading: str) -> str:
    """Return what a heading means; empty for a crossed field."""
    return next((column.meaning for column in COLUMNS if column.heading == heading), "")
