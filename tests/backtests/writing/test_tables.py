"""Tables that leave the project."""

import shutil
import subprocess

import pytest

from backtests.writing.tables import to_latex, to_markdown

COLUMNS = ("forecaster", "MAPE", "p")
ROWS = [("cnn:filters=64,a_b", "1.46%", "<0.001"), ("a|b & c\\d {e} $f^2~#", "–", "1")]


def test_markdown_has_a_line_a_row_and_no_cell_breaks_out():
    text = to_markdown(COLUMNS, ROWS)
    assert text.splitlines() == [
        "| forecaster | MAPE | p |",
        "| --- | ---: | ---: |",
        "| cnn:filters=64,a_b | 1.46% | <0.001 |",
        "| a\\|b & c\\d {e} $f^2~# | – | 1 |",
    ]


def test_latex_escapes_what_latex_would_read():
    text = to_latex(COLUMNS, ROWS, caption="54 runs, 80% train", label="tab:s3", left=1)
    assert r"\begin{tabular}{lrr}" in text
    assert r"cnn:filters=64,a\_b & 1.46\% & \textless{}0.001 \\" in text
    assert (
        r"a|b \& c\textbackslash{}d \{e\} \$f\textasciicircum{}2\textasciitilde{}\# & -- & 1 \\"
        in text
    )
    assert r"\caption{54 runs, 80\% train}" in text
    assert text.index(r"\caption") < text.index(r"\label{tab:s3}") < text.index(r"\begin{tabular}")
    assert r"\begin{table}" not in to_latex(COLUMNS, ROWS)


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no pdflatex here")
def test_latex_compiles(tmp_path):
    table = to_latex(COLUMNS, ROWS, caption="a_b & c", label="t")
    wide = to_latex([f"column {i}" for i in range(30)], [["0.123"] * 30], caption="wide")
    page = (
        "\\documentclass{article}\\usepackage{booktabs,graphicx}\\begin{document}\n" + table + wide
    )
    (tmp_path / "page.tex").write_text(page + "\\end{document}\n", encoding="utf-8")
    command = ["pdflatex", "-halt-on-error", "-interaction=nonstopmode", "page.tex"]
    done = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True)
    assert "Overfull" not in done.stdout, "no table is wider than the text"


@pytest.mark.parametrize("write", [to_markdown, to_latex])
def test_a_row_that_lacks_a_cell_is_refused(write):
    with pytest.raises(ValueError, match="2 cells, the heading 3"):
        write(COLUMNS, [("a", "b")])
