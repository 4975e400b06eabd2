"""Prepares SVG drawings for one HTML page: unique ids, no address outside the page."""

from __future__ import annotations

import re

#: Colours of a drawing that change with the light or dark theme of a page. In the page, CSS variables
#: replace them; a saved file keeps the colours.
INK, FAINT, GRID, PAPER = "#24292e", "#6a737e", "#d8dde3", "#fefefe"
THEME = {INK: "var(--ink)", FAINT: "var(--faint)", GRID: "var(--grid)", PAPER: "var(--paper)"}

_PROLOG = re.compile(r"<\?xml.*?\?>|<!DOCTYPE.*?>|<!--.*?-->|<metadata>.*?</metadata>", re.DOTALL)
_NAMESPACE = re.compile(r"\s+xmlns(:\w+)?=\"[^\"]*\"")
_ID = re.compile(r"\s+id=\"([^\"]+)\"")
_USE = re.compile(r"(?:xlink:href|href)=\"#([^\"]+)\"|url\(#([^)]+)\)")


def inline_svg(drawing: str, name: str, themed: bool = False) -> str:
    """Return an SVG document as an element for an HTML page.

    Matplotlib uses the same ids in every drawing (``figure_1``, ``axes_1``), but the ids in one page
    must differ. So ids that are never referred to are removed, and the others get the prefix `name`.
    Prolog, metadata and namespaces contain addresses of web sites; they are removed too.

    Parameters
    ----------
    drawing : str
        The SVG document as matplotlib wrote it.
    name : str
        A prefix for ids, different for each drawing of a page.
    themed : bool
        Replace the colours of `THEME` by the variables of the page's style.

    Examples
    --------
    >>> drawing = '<?xml version="1.0"?><svg id="a"><path id="b"/><use href="#b"/></svg>'
    >>> inline_svg(drawing, "equity")
    '<svg><path id="equity-b"/><use href="#equity-b"/></svg>'
    """
    text = _NAMESPACE.sub("", _PROLOG.sub("", drawing)).strip()
    used = {ref for pair in _USE.findall(text) for ref in pair if ref}
    text = _ID.sub(lambda m: f' id="{name}-{m[1]}"' if m[1] in used else "", text)
    text = _USE.sub(lambda m: f'href="#{name}-{m[1]}"' if m[1] else f"url(#{name}-{m[2]})", text)
    text = text.replace(' style="fill: none"', ' fill="none"')
    if themed:
        for colour, variable in THEME.items():
            text = text.replace(colour, variable)
    return text
