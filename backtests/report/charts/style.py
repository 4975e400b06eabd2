"""Colours, style, axes and layout of all charts; saves figures as SVG and PNG."""

from __future__ import annotations

import hashlib
import io
import logging
import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from backtests.report.charts.inline import FAINT, GRID, INK, PAPER, inline_svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Colours that colour-blind readers can distinguish (Okabe and Ito 2008), on white and on black.
PALETTE = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8f7fe0", "#9a9a00")
DASHES = ("-", (0, (5, 1.6)), (0, (1.4, 1.4)), (0, (6, 1.5, 1.2, 1.5)))
#: S1 draws the actual close in blue and the predicted close in red.
ACTUAL, PREDICTED = "#2c6fd1", "#d62f3a"
#: Fonts with Korean letters for the PNG; an SVG uses the fonts of the browser.
KOREAN_FONTS = (
    "NanumGothic",
    "NanumBarunGothic",
    "Noto Sans CJK KR",
    "Malgun Gothic",
    "AppleGothic",
)


@contextmanager
def _style() -> Iterator[Any]:
    import matplotlib
    from matplotlib import font_manager

    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)
    have = {font.name for font in font_manager.fontManager.ttflist}
    style: dict[Any, Any] = {
        "font.family": ["DejaVu Sans", *(font for font in KOREAN_FONTS if font in have)],
        "font.size": 9, "svg.fonttype": "none", "path.simplify_threshold": 0.4, "lines.linewidth": 1.3,
        "figure.facecolor": PAPER, "axes.facecolor": "none", "savefig.facecolor": PAPER,
        "text.color": INK, "axes.labelcolor": FAINT, "xtick.color": FAINT, "ytick.color": FAINT,
        "axes.edgecolor": GRID, "grid.color": GRID, "grid.linewidth": 0.6, "axes.grid": True,
        "axes.axisbelow": True, "axes.spines.top": False, "axes.spines.right": False,
        "axes.titlesize": 9.5, "axes.titlelocation": "left", "axes.titleweight": "bold",
        "legend.frameon": False, "axes.formatter.use_mathtext": False, "text.parse_math": False,
    }  # fmt: skip
    with matplotlib.rc_context(style), warnings.catch_warnings():
        # A letter without a font on this machine is a box in the PNG; the SVG keeps the letter.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        yield matplotlib.rcParams


def draw_all(folder: Path, draw: Mapping[str, Callable[[], Figure]], label: str) -> dict[str, str]:
    """Save each figure as ``<name>.svg`` and ``.png``; return its SVG for a page, by name.

    The same figures give the same bytes. Pyplot, the backend and global settings are not changed.

    Parameters
    ----------
    draw : mapping
        Name to a function that returns the figure.
    label : str
        Text above each figure.
    """
    folder.mkdir(parents=True, exist_ok=True)
    drawn = {}
    with _style() as rc:
        for name, figure in draw.items():
            rc["svg.hashsalt"] = name
            drawn[name] = _save(folder, name, figure(), label)
    return drawn


def _save(folder: Path, name: str, figure: Figure, label: str) -> str:
    """Lay the figure out once and draw it twice; ``Figure.savefig`` would do each twice a file."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    figure.suptitle(label, x=0.008, ha="left", fontsize=9, color=FAINT)
    figure.set_dpi(130)
    FigureCanvasAgg(figure).print_png(folder / f"{name}.png", metadata={"Software": None})
    figure.set_layout_engine("none")  # the layout of the PNG
    stream = io.StringIO()
    FigureCanvasSVG(figure).print_svg(stream, metadata={"Date": None, "Creator": None})
    (folder / f"{name}.svg").write_text(stream.getvalue(), encoding="utf-8")
    return inline_svg(stream.getvalue(), name, themed=True)


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure; width and height are in inches."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def time_axis(axes: Axes) -> None:
    """Label the x axis with dates, as short as possible."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    locator = AutoDateLocator(minticks=3, maxticks=8)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator, show_offset=False))


def log_axis(axes: Axes, side: Literal["x", "y"] = "y") -> None:
    """Make an axis logarithmic, labelled with plain numbers (no powers of ten)."""
    from matplotlib.ticker import LogLocator, NullFormatter

    axes.set(**{f"{side}scale": "log"})
    axis = axes.xaxis if side == "x" else axes.yaxis
    axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter(lambda value, _: f"{value:g}")
    axis.set_minor_formatter(NullFormatter())


def small_charts(
    n: int, height: float, head: float = 0.7, **shared: Any
) -> tuple[Figure, list[Axes], int]:
    """Return a figure with `n` small charts, the charts, and the number of charts in a row.

    Parameters
    ----------
    height : float
        Height of a chart in inches; less where the charts are narrower than that.
    head : float
        Height in inches of the space above and below the charts.
    """
    columns = n if n <= 4 else 3
    rows = -(-n // columns)
    figure = new_figure(10, head + min(height, 9.4 / columns) * rows)
    grid = figure.subplots(rows, columns, squeeze=False, **shared).ravel()
    for axes in grid[n:]:
        axes.set_visible(False)
    return figure, list(grid[:n]), columns


#: Letters of a name in a chart; a longer one would leave no room for the curves.
LONGEST = 120


def shortened(name: str) -> str:
    """Return a name as a chart shows it: the beginning of a long one, and a part of its sha256.

    Examples
    --------
    >>> shortened("cnn:filters=256")
    'cnn:filters=256'
    >>> len(shortened("x" * 300)) == LONGEST
    True
    """
    if len(name) <= LONGEST:
        return name
    end = f"...{hashlib.sha256(name.encode()).hexdigest()[:8]}"
    return name[: LONGEST - len(end)] + end


def wrapped(name: str, columns: int) -> str:
    """Return the name broken into lines that fit above a chart, at colons, commas and slashes.

    Parameters
    ----------
    columns : int
        Number of charts in a row.

    Examples
    --------
    >>> print(wrapped("cnn:filters=256,architecture=2", columns=4))
    cnn:filters=256,
    architecture=2
    """
    width = 76 // columns
    lines = [""]
    for part in re.split(r"(?<=[:,/])", shortened(name)):
        if lines[-1] and len(lines[-1] + part) > width:
            lines.append("")
        lines[-1] += part
    return "\n".join(lines)
