"""The configuration of a run: each field is a flag and a key of the file."""

from __future__ import annotations

import datetime
import os
import unicodedata
from dataclasses import dataclass
from typing import Any, ClassVar

from backtests.command.flag import RUN, SEARCH, Part, flag, flags_of, name_of, settings_for
from backtests.command.forecast_fields import ForecastFields
from backtests.command.trading_fields import TradingFields
from backtests.sources.ticker import check_ticker
from backtests.writing.plain import short
from forecasters.errors import InputError

#: The start of a file's bars where --start is missing: earlier than any, so the first bar counts.
FIRST_DAY = "1900-01-01"
#: Sources that read no folder.
WITHOUT_FOLDER = ("auto", "yahoo", "bundled", "simulated")


@dataclass(frozen=True, kw_only=True)
class RunConfig(TradingFields, ForecastFields):
    """Every value of a run. None means: the default of the forecaster, the rule or the market."""

    #: The command whose flags these are.
    command: ClassVar[str] = "run"

    benchmark: str | None = flag(
        None,
        "a ticker for the tearsheets' second line (default: buy and hold)",
        part=Part.OUTPUT,
        commands=RUN,
        none="buy and hold",
    )
    save_fits: bool = flag(
        False,
        "keep the trained weights and scalers of every fit in the run folder",
        part=Part.OUTPUT,
        commands=RUN,
    )
    keep: str = flag(
        "auto",
        "bars: the run folder holds what the run was made of, so that `verify` can run it again; auto: where that "
        "takes less than 5 MB",
        part=Part.OUTPUT,
        commands=RUN,
        choices=("auto", "bars", "none"),
    )
    tearsheets: str = flag(
        "main",
        "main: the first rule of each forecaster and buy_and_hold",
        part=Part.OUTPUT,
        commands=RUN,
        choices=("main", "all", "none"),
    )
    shifts: int = flag(
        0,
        "a picture of chance: at most this number of circular shifts of each forecast that bought, traded by the "
        "same rule (1000 take seconds a ticker; of a universe each takes a second or more)",
        part=Part.OUTPUT,
        commands=RUN,
        least=0,
        most=1_000_000,
    )

    ledger: str | None = flag(
        None,
        "file of the ledger, which counts everything that was looked at on the same prices (default: one per user)",
        part=Part.OUTPUT,
        commands=SEARCH,
        none="the user's own",
    )

    def __post_init__(self) -> None:
        for name in flags_of(self):
            _check_text(name, getattr(self, name))
        for ticker in (*self.ticker, *([self.benchmark] if self.benchmark else [])):
            check_ticker(ticker)
        if "universe" in self.ticker:
            raise InputError(
                "--ticker universe: 'universe' is the name of the account of a --universe FILE; rename the ticker"
            )
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
        if self.as_is and "splits" in self.repair:
            raise InputError(
                "--as-is and --repair splits exclude each other: leave out one of them"
            )
        for name, made in flags_of(self).items():
            made.check(name, getattr(self, name))

    def _check_universe(self) -> None:
        if self.universe and self.ticker:
            raise InputError(
                "use either --universe or --ticker: --universe trades the tickers of its file in one account, "
                "--ticker gives each ticker a separate account"
            )
        if not self.universe and not self.ticker:
            raise InputError(
                "name a ticker, --ticker 051900.KS, or a file with a ticker a line, --universe FILE"
            )
        if self.largest is not None and not self.universe:
            raise InputError("--largest chooses among the tickers of a --universe FILE: add it")

    @property
    def seed_list(self) -> tuple[int, ...]:
        """The seeds of the run."""
        return tuple(range(self.seed, self.seed + self.seeds))

    def settings(self, kind: str) -> dict[str, Any]:
        """Return the settings that the user set for every plugin of a kind.

        Parameters
        ----------
        kind : str
            ``forecaster`` or ``strategy``.
        """
        names = settings_for(self, kind)
        return {name: getattr(self, name) for name in names if getattr(self, name) is not None}

    def values(self) -> dict[str, Any]:
        """Return every value that the command takes, as JSON has it."""
        pairs = ((name, getattr(self, name)) for name in flags_of(self, self.command))
        return {name: list(v) if isinstance(v, tuple) else v for name, v in pairs}


def _check_text(name: str, value: Any) -> None:
    """Refuse a text that is empty or that no file and no page can hold."""
    for text in value if isinstance(value, tuple) else (value,):
        if not isinstance(text, str):
            continue
        if not text.strip():
            raise InputError(f"{name_of(name)} is empty: give a value, or leave the flag out")
        if any(unicodedata.category(c) in ("Cc", "Cs") for c in text):
            raise InputError(
                f"{name_of(name)} is {short(text)}, which has a character that cannot be seen: type it again"
            )


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
    """Return New Year ten years back: a start that moves every day would move the plan with it."""
    return datetime.date(day.year - 10, 1, 1)
