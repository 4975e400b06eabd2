"""The forecasters of a finished run against naive, as Markdown: `python benchmarks/forecast_table.py RUN`.

One row a forecaster over all tickers of the run, on the days that both can be judged on. A ratio is the
forecaster's error over naive's on the same ticker; the median is over tickers. Direction is the
share of days, unchanged ones left out, on which the forecast has the sign of what came; the
majority is what the more frequent sign of each ticker would have scored. A second table has each
ticker's MAPE, the lowest in bold.
"""

import argparse
import statistics
from pathlib import Path

import numpy as np
import pandas as pd


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("run", type=Path, help="the folder of a run")
    table = pd.read_parquet(parser.parse_args().run / "forecasts.parquet")
    table = table[table["seed"].isna()].dropna(subset=["forecast", "actual"])
    naive = {ticker: _errors(rows) for ticker, rows in _of(table, "naive")}
    print(
        f"{len(naive)} tickers, {sum(map(len, (rows for _, rows in _of(table, 'naive')))):,} days.\n"
    )
    print(
        "| forecaster | MAPE % | NRMSE % | MAPE / naive | range | RMSE / naive | below naive | direction | majority |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for name in table["forecaster"].unique():
        made = {ticker: _errors(rows) for ticker, rows in _of(table, name)}
        mape, nrmse, rmse, right, majority = (
            [errors[i] for errors in made.values()] for i in range(5)
        )
        ratios = sorted(value / naive[t][0] for t, value in zip(made, mape, strict=True))
        rmse_ratios = [value / naive[t][2] for t, value in zip(made, rmse, strict=True)]
        below = sum(ratio < 1 for ratio in ratios)
        direction = f"{statistics.median(right):.1%}" if name != "naive" else "-"
        print(
            f"| {name} | {statistics.median(mape):.2f} | {statistics.median(nrmse):.2f} | "
            f"{statistics.median(ratios):.3f} | {ratios[0]:.3f} to {ratios[-1]:.3f} | "
            f"{statistics.median(rmse_ratios):.3f} | {below} of {len(ratios)} | {direction} | "
            f"{statistics.median(majority):.1%} |"
        )
    _print_by_ticker(table)


def _print_by_ticker(table: pd.DataFrame) -> None:
    names = list(table["forecaster"].unique())
    print(f"\n| MAPE % | {' | '.join(names)} |\n|{' --- |' * (len(names) + 1)}")
    for ticker, rows in table.groupby("ticker", sort=True):
        mapes = [_errors(rows[rows["forecaster"] == name])[0] for name in names]
        lowest = min(mapes)
        cells = [f"**{m:.3f}**" if m == lowest else f"{m:.3f}" for m in mapes]
        print(f"| {ticker} | {' | '.join(cells)} |")


def _of(table: pd.DataFrame, name: str):
    return table[table["forecaster"] == name].groupby("ticker", sort=True)


def _errors(rows: pd.DataFrame) -> tuple[float, float, float, float, float]:
    """Return MAPE and NRMSE in percent, RMSE, the share of right signs and that of the majority."""
    actual, forecast, last = (rows[c].to_numpy() for c in ("actual", "forecast", "close"))
    rmse = float(np.sqrt(np.mean((actual - forecast) ** 2)))
    moved = actual != last
    up = actual[moved] > last[moved]
    right = float(np.mean((forecast[moved] > last[moved]) == up))
    share = float(up.mean())
    mape = float(np.mean(np.abs((actual - forecast) / actual)) * 100)
    return mape, rmse / float(actual.mean()) * 100, rmse, right, max(share, 1 - share)


if __name__ == "__main__":
    main()
