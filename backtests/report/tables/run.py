"""The tables of a run folder: forecasts, training, equity, fills, trades, orders, metrics, sensitivity."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path

import numpy as np
import pandas as pd

from backtests.account.result import Fill, Result, Trade, Unfilled
from backtests.judging.sensitivity import Point
from backtests.report.rows import COLUMNS
from backtests.report.summary import Summary
from backtests.report.tables.paper import write_report_tables
from backtests.studies.training import History
from backtests.writing.csv import write_csv
from forecasters.forecasts import Forecasts

OWNER = ("account", "forecaster", "strategy")


def write_tables(folder: Path, summaries: Sequence[Summary]) -> None:
    """Write the tables of these studies into `folder`."""
    studies = [summary.study for summary in summaries]
    results = [result for study in studies for result in study.results]
    write_forecasts(
        folder,
        [f for study in studies for of_ticker in study.forecasts.values() for f in of_ticker],
    )
    write_training(folder, [(t, s.histories[t]) for s in studies for t in s.histories])
    equity = pd.concat([_equity(result) for result in results], ignore_index=True)
    equity.to_parquet(folder / "equity.parquet", index=False)
    write_csv(
        folder / "fills.csv",
        (*OWNER, *(f.name for f in fields(Fill))),
        [{**_owner(r), **asdict(fill)} for r in results for fill in r.fills],
    )
    write_csv(
        folder / "trades.csv",
        (*OWNER, *(f.name for f in fields(Trade))),
        [{**_owner(r), **asdict(trade)} for r in results for trade in r.trades],
    )
    write_csv(
        folder / "orders.csv",
        (*OWNER, *(f.name for f in fields(Unfilled))),
        [{**_owner(r), **asdict(order)} for r in results for order in r.unfilled],
    )
    write_csv(
        folder / "metrics.csv", COLUMNS, [row for summary in summaries for row in summary.rows]
    )
    write_report_tables(folder, summaries)
    write_csv(
        folder / "sensitivity.csv",
        ("account", *(f.name for f in fields(Point))),
        [{"account": s.account, **asdict(point)} for s in studies for point in s.sensitivity],
    )


def write_forecasts(folder: Path, forecasts: Iterable[Forecasts]) -> None:
    """Write ``forecasts.parquet``: of each forecaster every seed, then the mean that is judged."""
    tables = [table for f in forecasts for table in _forecasts(f)]
    pd.concat(tables, ignore_index=True).to_parquet(folder / "forecasts.parquet", index=False)


def write_training(
    folder: Path,
    trained: Iterable[tuple[str, Mapping[str, Sequence[History]]]],
    name: str = "training.parquet",
) -> None:
    """Write the training of tickers and their forecasters' fits as `name`, if there was any."""
    tables = [
        _training(ticker, name, history)
        for ticker, by_forecaster in trained
        for name, histories in by_forecaster.items()
        for history in histories
    ]
    if tables:
        pd.concat(tables, ignore_index=True).to_parquet(folder / name, index=False)


def _owner(result: Result) -> dict[str, str | None]:
    return {name: getattr(result, name) for name in OWNER}


def _forecasts(f: Forecasts) -> list[pd.DataFrame]:
    """One table a seed, then the mean that is judged and traded: its seed is null."""
    closes: list[tuple[int | None, np.ndarray[tuple[int, ...], np.dtype[np.float64]]]] = [
        *zip(f.seeds, f.by_seed, strict=False),
        (None, f.close),
    ]
    return [
        pd.DataFrame(
            {
                "ticker": f.ticker,
                "forecaster": f.forecaster,
                "seed": pd.array([seed] * len(f), dtype="Int64"),
                "fold": f.fold.astype("datetime64[s]"),
                "as_of": f.as_of.astype("datetime64[s]"),
                "target": f.target.astype("datetime64[s]"),
                "close": f.last_close,
                "forecast": close,
                "actual": f.actual,
            }
        )
        for seed, close in closes
    ]


def _training(ticker: str, forecaster: str, history: History) -> pd.DataFrame:
    """One row an epoch; the validation loss is null where nothing was watched."""
    epochs = history.train_loss.size
    watched = history.validation_loss if history.validation_loss.size else np.full(epochs, np.nan)
    return pd.DataFrame(
        {
            "ticker": ticker,
            "forecaster": forecaster,
            "seed": history.seed,
            "fold": history.fold.astype("datetime64[s]"),
            "epoch": np.arange(1, epochs + 1),
            "train_loss": history.train_loss,
            "validation_loss": watched,
            "kept": np.arange(1, epochs + 1) == history.kept,
        }
    )


def _equity(result: Result) -> pd.DataFrame:
    return pd.DataFrame(
        {
            **{
                name: pd.array([value] * result.sessions.size, dtype="string")
                for name, value in _owner(result).items()
            },
            "session": result.sessions.astype("datetime64[s]"),
            "equity": result.equity,
            "cash": result.cash,
            "costs": result.costs,
        }
    )
