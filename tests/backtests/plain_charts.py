"""Charts without their axes: drawing is half of a small run, and few tests look at a chart."""

import contextlib
import functools
from pathlib import Path

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG

SAVE = {FigureCanvasAgg: "print_png", FigureCanvasSVG: "print_svg"}
WHOLE = {canvas: getattr(canvas, name) for canvas, name in SAVE.items()}


@contextlib.contextmanager
def drawn_plain(*whole):
    """Save every chart of this process but `whole` small, without its axes. Its label is there."""
    with pytest.MonkeyPatch.context() as patch:
        for canvas, name in SAVE.items():
            patch.setattr(canvas, name, _without_axes(WHOLE[canvas], whole))
        yield


@contextlib.contextmanager
def drawn_whole():
    """Draw charts as a user gets them, for a test that looks at them."""
    with pytest.MonkeyPatch.context() as patch:
        for canvas, name in SAVE.items():
            patch.setattr(canvas, name, WHOLE[canvas])
        yield


def _without_axes(save, whole):
    @functools.wraps(save)  # matplotlib reads the signature
    def save_plain(canvas, target, *arguments, **settings):
        figure = canvas.figure
        if isinstance(target, Path) and target.stem in whole:
            figure.drawn_whole = True  # its SVG too, which goes into memory
        if not hasattr(figure, "drawn_whole"):
            figure.set_layout_engine("none")
            figure.set_dpi(10)
            for axes in figure.axes:
                axes.set_visible(False)
        return save(canvas, target, *arguments, **settings)

    return save_plain
