"""Tables as text: Markdown for a page, LaTeX for a paper."""

from __future__ import annotations

import re
from collections.abc import Sequence

#: Characters that LaTeX reads as commands, and what is written instead; also the dash of `numbers`.
_LATEX = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#",
    "%": r"\%", "_": r"\_", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}",
    "<": r"\textless{}", ">": r"\textgreater{}", "\u2013": "--", "\u00f7": r"$\div$", "\n": " ",
}  # fmt: skip
#: Shrinks a table to the width of the text if it is wider.
_FITTED = r"\footnotesize\resizebox{\ifdim\width>\textwidth\textwidth\else\width\fi}{!}{%"
_SPECIAL = re.compile("[" + re.escape("".join(_LATEX)) + "]")


def to_markdown(columns: Sequence[str], rows: Sequence[Sequence[str]], *, left: int = 1) -> str:
    """Return a table as Markdown (the pipes of GitHub), the first `left` columns to the left.

    Raises
    ------
    ValueError
        A row is not as long as the heading.
    """
    _check(columns, rows)
    rule = ["---" if i < left else "---:" for i in range(len(columns))]
    heading, *body = (
        [cell.replace("|", r"\|").replace("\n", " ") for cell in row] for row in (columns, *rows)
    )
    lines = [heading, rule, *body]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def to_latex(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    caption: str = "",
    label: str = "",
    left: int = 1,
) -> str:
    """Return a table as LaTeX (`booktabs`), the first `left` columns to the left.

    With a caption it is a ``table`` that floats, no wider than the text (`graphicx`); without a caption
    it is only a ``tabular``.

    Raises
    ------
    ValueError
        A row is not as long as the heading.
    """
    _check(columns, rows)
    lines = [" & ".join(map(_latex, row)) + r" \\" for row in (columns, *rows)]
    aligned = "l" * left + "r" * (len(columns) - left)
    head = [rf"\begin{{tabular}}{{{aligned}}}", r"\toprule", lines[0], r"\midrule"]
    tabular = [*head, *lines[1:], r"\bottomrule", r"\end{tabular}"]
    if caption:
        labels = [rf"\label{{{label}}}"] if label else []
        head = [r"\begin{table}", r"\centering", rf"\caption{{{_latex(caption)}}}", *labels]
        tabular = [*head, _FITTED, *tabular, "}", r"\end{table}"]
    return "\n".join([r"% \usepackage{booktabs,graphicx}", *tabular, ""])


def _check(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    for row in rows:
        if len(row) != len(columns):
            raise ValueError(f"a row has {len(row)} cells, the heading {len(columns)}: {row}")


def _latex(text: str) -> str:
    return _SPECIAL.sub(lambda match: _LATEX[match[0]], text)
