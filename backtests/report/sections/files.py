"""The section on the run itself: its key, its digest, its configuration, its files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from backtests.command.values import rows_of
from backtests.report.blocks import Part, Section
from backtests.report.tables import paper
from backtests.studies.study import Study

FILES = (
    *paper.FILES,
    "manifest.json",
    "metrics.csv",
    "fills.csv",
    "trades.csv",
    "orders.csv",
    "sensitivity.csv",
    "forecasts.parquet",
    "equity.parquet",
)


def files_section(
    manifest: Mapping[str, Any], root: str = "", study: Study | None = None
) -> Section:
    """Return the section; what the manifest lacks is said, not an error.

    Parameters
    ----------
    root : str
        Where the files lie, relative to the page.
    study : Study, optional
        The account of the page: the digests of its bars are shown.
    """
    bars = study.bars if study is not None else {}
    value = {
        "key": manifest.get("key", "not recorded"),
        "digest": manifest.get("digest", "not recorded"),
        "digests": [(ticker, series.digest) for ticker, series in bars.items()],
        "pooled": study is not None and study.pooled,
        "config": rows_of(manifest),
        "files": [(name, root + name) for name in FILES],
    }
    return Section("Run", "files" if study is not None else "", [Part("files.html", value)])
