"""The configuration of a run: flag = key of the file = field."""

from __future__ import annotations

import datetime
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from forecasters.errors import InputError, nearest

#: Where a file is read from if no start was named: its own first bar.
FIRST_DAY = "1900-01-01"
#: The least that a number may be.
LEAST = {"seeds": 1, "seed": 0, "jobs": 1, "horizon": 1, "slots": 1, "shifts": 0}
#: Sources that read no folder.
WITHOUT_FOLDER = ("auto", "yahoo", "bundled", "simulated")


def _flag(default: Any, text: str, **extra: Any) -> Any:
    """Return a field; `none` is what None means where it stands for no other value."""
    return field(default=default, metadata={"help": text, **extra})


@dataclass(frozen=True, kw_only=True)
class RunConfig:
    """Every value of a run. None means: the default of the forecaster, the rule or the market."""

    ticker: tuple[str, ...] = _flag((), "one or more tickers, as Yahoo writes them (051900.KS)")
    universe: str | None = _flag(
        None,
        "a file with a ticker a line, instead of --ticker: one account for all of them",
        none="none: an account for each ticker",
    )
    largest: int | None = _flag(
        None,
        "of a universe, buy only the N largest by trailing traded value (default: all)",
        none="all",
    )
    start: str | None = _flag(
        None,
        "first date of the bars (default: New Year ten years before --end, or the first bar of a file)",
    )
    end: str | None = _flag(None, "date before which the bars end (default: today)")
    source: str = _flag("auto", "where bars come from: auto, yahoo, csv, bundled, simulated")
    data_dir: str | None = _flag(
        None, "folder of <ticker>.csv or .parquet; implies --source csv", none="none"
    )
    adjust: str = _flag("splits", "what prices are adjusted for", choices=("splits", "all", "none"))
    forecaster: tuple[str, ...] = _flag(
        ("stacked_lstm", "rnn", "cnn", "stacked_lstm:target=return"),
        "names, names with settings (cnn:filters=64) or files (./my_gru.py); naive always runs too",
    )
    strategy: tuple[str, ...] = _flag(
        ("five_percent", "quantile", "direction"),
        "names, names with settings (five_percent:exit=touch) or files; buy_and_hold always runs too",
    )
    threshold: float | None = _flag(None, "the rule's 5%%, as a share (default 0.05)")
    exit: str | None = _flag(
        None, "exit of the rule: entry, day, touch, one-day or forecast (default entry)"
    )
    fill: str | None = _flag(
        None, "where a decision fills: open, the next one, or close, that of the decision"
    )
    first_exit: int | None = _flag(None, "first session in which the exit is tested (default 1)")
    max_hold: int | None = _flag(None, "sell after so many sessions (default: never)", none="never")
    stop_loss: float | None = _flag(
        None, "sell so far below the price paid (default: no stop)", none="no stop"
    )
    slots: int = _flag(10, "equal parts of a universe's equity, one a position")
    rank: str = _flag(
        "forecast",
        "which buys of a universe go first: forecast, the highest over the close",
        choices=("forecast",),
    )
    cash_fraction: float = _flag(0.95, "share of the cash that a purchase may use")
    features: str = _flag(
        "ohlcv", "inputs of the forecasters", choices=("ohlcv", "ohlcv+indicators")
    )
    extra: tuple[str, ...] = _flag(
        (), "files (.csv, .parquet) of further inputs: date, known_at, numbers, perhaps ticker"
    )
    target: str | None = _flag(None, "what is learned: close or return (default: the forecaster's)")
    lookback: int | None = _flag(None, "sessions in a window (default: the forecaster's)")
    clip: float | None = _flag(
        None,
        "set inputs beyond this robust score back to it (default: outliers are only counted)",
        none="no clipping",
    )
    components: int | None = _flag(
        None, "reduce the inputs to so many (default: no reduction)", none="all"
    )
    reduction: str | None = _flag(None, "how: pca or svd (default pca)")
    horizon: int = _flag(1, "sessions from a close to the close that is forecast")
    train_size: int = _flag(504, "sessions before the first forecast")
    step: int = _flag(126, "sessions that one training serves")
    expanding: bool = _flag(
        True, "train on all history, or with --rolling on the last train-size sessions"
    )
    purge: int = _flag(0, "sessions left out between training and test")
    split: str | None = _flag(
        None,
        "one fixed split as in the sources, instead of a walk-forward: 70:30, 80:20, 70:15:15",
        none="none: a walk-forward",
    )
    validation: float = _flag(15 / 85, "newest share of the training sessions, watched only")
    epochs: int | None = _flag(None, "default: the forecaster's")
    batch_size: int | None = _flag(None, "default: the forecaster's", none="all windows")
    learning_rate: float | None = _flag(None, "default: the forecaster's")
    patience: int | None = _flag(
        None,
        "stop after so many epochs without a better validation loss (default: never)",
        none="never",
    )
    seed: int = _flag(0, "first seed")
    seeds: int = _flag(3, "number of seeds; their mean forecast is judged and traded")
    market: str = _flag("auto", "whose costs hold: auto (by the ticker), krx, us or none")
    instrument: str = _flag(
        "stock",
        "what is traded: funds are taxed and tick otherwise",
        choices=("stock", "etf"),
    )
    commission_bps: float | None = _flag(
        None, "commission a side, basis points (default: the market's)"
    )
    tax_bps: float | None = _flag(
        None, "tax on sales, basis points (default: the market's table by date)"
    )
    slippage_bps: float = _flag(5.0, "slippage a side, basis points")
    slippage_ticks: int | None = _flag(
        None,
        "slippage a side in ticks, instead of basis points, where the bars lie on the market's grid",
        none="in basis points",
    )
    volume_cap: float | None = _flag(
        None,
        "largest share of a day's volume that an order may take: 0.1 (default: no cap)",
        none="no cap",
    )
    cash: float | None = _flag(
        None, "cash at the start (default: 100 million won, 100,000 dollars)"
    )
    benchmark: str | None = _flag(
        None,
        "a ticker for the tearsheets' second line (default: buy and hold)",
        none="buy and hold",
    )
    engine: str | None = _flag(
        None,
        "what trains the networks: the compiled kernels, or torch (default auto: the kernels where they can)",
        choices=("auto", "native", "torch"),
    )
    device: str | None = _flag(
        None, "where the torch engine trains (default cpu)", choices=("cpu", "cuda")
    )
    save_fits: bool = _flag(False, "keep the trained weights and scalers of every network")
    tearsheets: str = _flag(
        "main",
        "main: the first rule of each forecaster and buy_and_hold",
        choices=("main", "all", "none"),
    )
    shifts: int | None = _flag(
        None,
        "at most so many circular shifts of each forecast that bought, through the same rule "
        "(default 1000; of a universe 0, where each takes a second and more)",
    )
    jobs: int | None = _flag(
        None, "fits at once, in threads or processes (default: one for each core)"
    )
    out: str = _flag("runs", "folder of the run folders")

    def __post_init__(self) -> None:
        self._check_universe()
        today = datetime.date.today()
        end = _date("end", self.end) if self.end else today
        source = "csv" if self.data_dir and self.source == "auto" else self.source
        before = FIRST_DAY if source == "csv" else _ten_years_before(end).isoformat()
        start = _date("start", self.start or before)
        if start >= end:
            raise InputError(f"--start {start} must lie before --end {end}, which is exclusive")
        resolved = {
            "start": start.isoformat(),
            "end": end.isoformat(),
            "ticker": tuple(dict.fromkeys(self.ticker)),
            "source": source,
            "jobs": _cores() if self.jobs is None else self.jobs,
        }
        for name, value in resolved.items():
            object.__setattr__(self, name, value)
        if self.data_dir and self.source in WITHOUT_FOLDER:
            raise InputError(f"--data-dir goes with --source csv, not with --source {self.source}")
        for f in fields(self):
            value = getattr(self, f.name)
            choices = f.metadata.get("choices")
            if choices and value is not None and value not in choices:
                raise InputError(
                    f"--{f.name.replace('_', '-')} is '{value}'{nearest(value, choices)}"
                )
            if isinstance(value, float) and not math.isfinite(value):
                raise InputError(f"--{f.name.replace('_', '-')} is {value}; give a finite number")
        for name, least in LEAST.items():
            if getattr(self, name) is not None and getattr(self, name) < least:
                raise InputError(f"--{name} is {getattr(self, name)}; the least is {least}")

    def _check_universe(self) -> None:
        if self.universe and self.ticker:
            raise InputError(
                "--universe and --ticker exclude each other: --universe trades the tickers of its file in one "
                "account, --ticker each in its own"
            )
        if not self.universe and not self.ticker:
            raise InputError(
                "name a ticker, --ticker 051900.KS, or a file with one a line, --universe FILE"
            )
        if self.largest is not None and not self.universe:
            raise InputError("--largest chooses among the tickers of a --universe FILE: add it")
        if self.largest is not None and self.largest < 1:
            raise InputError(f"--largest is {self.largest}; the least is 1")

    @property
    def seed_list(self) -> tuple[int, ...]:
        """The seeds of the run."""
        return tuple(range(self.seed, self.seed + self.seeds))

    def given(self, names: Sequence[str]) -> dict[str, Any]:
        """Return those of these values that the user set."""
        return {name: getattr(self, name) for name in names if getattr(self, name) is not None}

    def values(self) -> dict[str, Any]:
        """Return every value, as JSON has it."""
        pairs = ((f.name, getattr(self, f.name)) for f in fields(self))
        return {name: list(v) if isinstance(v, tuple) else v for name, v in pairs}


def _date(name: str, text: str) -> datetime.date:
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise InputError(f"--{name} is '{text}'; write a date as 2015-01-31") from None


def _cores() -> int:
    """Return how many cores this process may use (a container may hold fewer than the machine)."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _ten_years_before(day: datetime.date) -> datetime.date:
    """Return New Year ten years back: were it a day later each day, the plan would move with it."""
    return datetime.date(day.year - 10, 1, 1)


#: Flags that set a value of every forecaster, or of every rule, that has a setting of that name.
FORECASTER_FLAGS = (
    "target", "lookback", "clip", "components", "reduction",
    "epochs", "batch_size", "learning_rate", "patience", "engine", "device",
)  # fmt: skip


RULE_FLAGS = ("threshold", "exit", "fill", "first_exit", "max_hold", "stop_loss")
