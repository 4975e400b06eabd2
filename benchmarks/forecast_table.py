"""The forecasters of a finished run against naive, as Markdown: `python benchmarks/forecast_table.py RUN`.

One row for each forecaster over all tickers of the run, on the days on which both can be judged. A ratio is the
forecaster's error over naive's on the same ticker; the median is over tickers. Direction is the
share of days, without unchanged closes, on which the forecast has the sign of the outcome; the
majority is the share of the more frequent sign of each ticker. A second table has each
ticker's MAPE, the lowest in bold.
"""

import argparse
import statistics
from pathlib import Path

import pandas as pd

from forecasters.measures.direction import direction
from forecasters.measures.metrics import mape, nrmse, rmse


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("run", type=Path, help="the folder of a run")
    table = pd.read_parquet(parser.parse_args().run / "forecasts.parquet")
    table = table[table["seed"].isna()].dropna(subset=["forecast", "actual"])
    naive = {ticker: _errors(rows) for ticker, rows in _by_ticker(table, "naive")}
    print(
        f"{len(naive)} tickers, {sum(map(len, (rows for _, rows in _by_ticker(table, 'naive')))):,} days.\n"
    )
    print(
        "| forecaster | MAPE % | NRMSE % | MAPE / naive | range | RMSE / naive | below naive | direction | majority |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for name in table["forecaster"].unique():
        made = {ticker: _errors(rows) for ticker, rows in _by_ticker(table, name)}
        mapes, nrmses, rmses, shares, most = (
            [errors[i] for errors in made.values()] for i in range(5)
        )
        ratios = sorted(value / naive[t][0] for t, value in zip(made, mapes, strict=True))
        rmse_ratios = [value / naive[t][2] for t, value in zip(made, rmses, strict=True)]
        right, majority = (_median(column) for column in (shares, most))
        below = sum(ratio < 1 for ratio in ratios)
        print(
            f"| {name} | {statistics.median(mapes):.2f} | {statistics.median(nrmses):.2f} | "
            f"{statistics.median(ratios):.3f} | {ratios[0]:.3f} to {ratios[-1]:.3f} | "
            f"{statistics.median(rmse_ratios):.3f} | {below} of {len(ratios)} | {right} | "
            f"{majority} |"
        )
    _print_by_ticker(table)


def _median(shares: list[float | None]) -> str:
    """Return the median of the known shares; naive forecasts no direction."""
    known = [share for share in shares if share is not None]
    return f"{statistics.median(known):.1%}" if known else "-"


def _print_by_ticker(table: pd.DataFrame) -> None:
    names = list(table["forecaster"].unique())
    print(f"\n| MAPE % | {' | '.join(names)} |\n|{' --- |' * (len(names) + 1)}")
    for ticker, rows in table.groupby("ticker", sort=True):
        mapes = [_errors(rows[rows["forecaster"] == name])[0] for name in names]
        lowest = min(mapes)
        cells = [f"**{m:.3f}**" if m == lowest else f"{m:.3f}" for m in mapes]
        print(f"| {ticker} | {' | '.join(cells)} |")


def _by_ticker(table: pd.DataFrame, name: str):
    return table[table["forecaster"] == name].groupby("ticker", sort=True)


def _errors(rows: pd.DataFrame) -> tuple[float, float, float, float | None, float | None]:
    """Return MAPE and NRMSE in percent, RMSE, the share of right signs and that of the majority."""
    actual, forecast, last = (rows[c].to_numpy() for c in ("actual", "forecast", "close"))
    signs = direction(forecast - last, actual - last)
    return (
        mape(actual, forecast),
        nrmse(actual, forecast),
        rmse(actual, forecast),
        signs.share,
        signs.majority,
    )


if __name__ == "__main__":
    main()
