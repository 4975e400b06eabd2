"""The ranked table as text."""

from __future__ import annotations

from backtests.grids.pages.ranking_table import ranking_table
from backtests.grids.results.ranking import columns


def test_the_printed_table_has_a_cell_for_each_heading_and_no_none(outcome, grid):
    heading, cells = ranking_table(grid.rows, outcome.search.crossing.axes, s3=True)
    assert heading[:5] == ["Forecaster", "filters", "Rank", "MAPE", "S3 MAPE"]
    assert not any("S3" in name for name in ranking_table(grid.rows, (), s3=False)[0])
    assert cells[0][0] == "naive" and cells[0][1] == "\u2013"
    assert all(len(row) == len(heading) for row in cells)
    assert not any("None" in cell or "nan" in cell for row in cells for cell in row)
    assert set(columns(outcome)) == set(grid.rows[0]), "metrics.csv leaves nothing out"
