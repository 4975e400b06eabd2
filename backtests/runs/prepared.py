"""What a run works on: its bars, plan and accounts, resolved and checked before any training."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from backtests.command.config import RunConfig
from backtests.jobs.parallel import Plugin
from backtests.runs.coverage import check_span
from backtests.runs.made_of import SCHEMA, describe, key_of, versions
from backtests.runs.prices import Settled, settle
from backtests.runs.resolve import (
    describe_account,
    describe_source,
    make_accounts,
    make_plan,
    make_source,
)
from backtests.sources.faults import Fault, fetch_each
from backtests.sources.missing import warn_of_missing
from backtests.sources.source import DataSource
from backtests.studies.pipeline import fits_of
from backtests.studies.plan import Account, Fits, Plan
from backtests.studies.study import UNIVERSE
from backtests.universe.file import corrected
from backtests.universe.membership import Membership, membership
from backtests.universe.volume_steps import volume_steps, warn_of_steps
from forecasters.bars import Bars
from forecasters.errors import DataWarning, InputError


@dataclass(frozen=True, eq=False)
class Prepared:
    """Everything that a run is made of; nothing is trained yet.

    Attributes
    ----------
    config : RunConfig
        The configuration, complete.
    plan : Plan
        Forecasters, rules, folds, seeds.
    files : tuple of Plugin
        The user's files behind forecasters and rules.
    accounts : tuple of Account
        One for each ticker, or one for the universe.
    source : DataSource
        Where the bars came from.
    fetched : mapping
        Ticker to its bars as the source gave them, before any correction.
    bars : mapping
        Ticker to the bars that the run uses.
    benchmark_fetched, benchmark : Bars or None
        Those of `--benchmark`, as the source gave them and as they are used.
    memberships : mapping
        Account to the members of its universe by date; None for the account of one ticker.
    fits : Fits
        All fits, by ticker and forecaster.
    faults : tuple of Fault
        Faulty rows of a universe.
    settled : Settled
        What was found and done about prices that no market allows.
    made_of : dict
        What the key is made of, JSON-able.
    """

    config: RunConfig
    plan: Plan
    files: tuple[Plugin, ...]
    accounts: tuple[Account, ...]
    source: DataSource
    fetched: Mapping[str, Bars]
    bars: Mapping[str, Bars]
    benchmark_fetched: Bars | None
    benchmark: Bars | None
    memberships: Mapping[str, Membership | None]
    fits: Fits
    faults: tuple[Fault, ...]
    settled: Settled
    made_of: dict[str, Any]

    @property
    def key(self) -> str:
        """The sha256 of what the run is made of."""
        return key_of(self.made_of)


def prepare(config: RunConfig, source: DataSource | None = None) -> Prepared:
    """Return what a run of this configuration works on.

    Parameters
    ----------
    source : DataSource, optional
        Where bars come from; by default the source that the configuration names.

    Raises
    ------
    InputError
        Bars, names, settings or dates do not fit; the message says which.
    """
    resolved = make_plan(config)
    plan = resolved.plan
    accounts = make_accounts(config)
    source = source or make_source(config)
    tickers = [ticker for account in accounts for ticker in account.tickers]
    corrections = {
        ticker: made for account in accounts for ticker, made in account.corrections.items()
    }
    fetched, faults = _fetch(source, tickers, config)
    bars = {
        ticker: corrected(series, corrections.get(ticker, ())) for ticker, series in fetched.items()
    }
    splits = {ticker: made for account in accounts for ticker, made in account.splits.items()}
    shortened = {fault.ticker for fault in faults}  # the message of the fault says where they end
    settled = settle(bars, config, splits, pooled=config.universe is not None, cut=shortened)
    bars = settled.bars
    benchmark_fetched, benchmark = None, None
    if config.benchmark:
        benchmark_fetched = source.fetch(config.benchmark, str(config.start), str(config.end))
        benchmark = settle({config.benchmark: benchmark_fetched}, config).bars[config.benchmark]
    warn_of_missing([*bars.values(), *([benchmark] if benchmark else [])])
    for ticker in bars:
        if ticker not in shortened:
            check_span(bars[ticker], config)
    known = settled.known
    memberships = {a.name: _members(a, known) for a in accounts}  # before any ticker is left out
    known = _long_enough(known, faults, plan, leave_out=config.universe is not None)
    fits = fits_of(known, plan)
    bars = {ticker: bars[ticker] for ticker in known}
    accounts, memberships = _closed(accounts, memberships, settled)
    made_of: dict[str, Any] = {
        "schema": SCHEMA,
        "data": [describe(b, plan.extras) for b in bars.values()],
        "faults": [asdict(fault) for fault in faults],
        "price_jumps": [asdict(jump) for jump in settled.jumps],
        "benchmark": describe(benchmark) if benchmark else None,
        "source": describe_source(source),
        **resolved.described,
        "accounts": {account.name: describe_account(account) for account in accounts},
        "versions": versions(),
    }
    return Prepared(
        config=config,
        plan=plan,
        files=resolved.files,
        accounts=accounts,
        source=source,
        fetched=fetched,
        bars=bars,
        benchmark_fetched=benchmark_fetched,
        benchmark=benchmark,
        memberships=memberships,
        fits=fits,
        faults=faults,
        settled=settled,
        made_of=made_of,
    )


def _fetch(
    source: DataSource, tickers: Sequence[str], config: RunConfig
) -> tuple[dict[str, Bars], tuple[Fault, ...]]:
    """Return the bars by ticker. A faulty row is an error; in a universe it ends the bars of its ticker."""
    start, end = str(config.start), str(config.end)  # neither is None in a finished configuration
    if config.universe is not None:
        return fetch_each(source, tickers, start, end)
    return {ticker: source.fetch(ticker, start, end) for ticker in tickers}, ()


def _members(account: Account, bars: Mapping[str, Bars]) -> Membership | None:
    """Return when each ticker of a universe may be bought; warn of faulty volumes in any account."""
    if account.name != UNIVERSE:
        warn_of_steps(volume_steps(bars[account.name]), run="ticker")
        return None
    members = membership({t: bars[t] for t in account.tickers if t in bars}, account.largest)
    warn_of_steps(members.steps, ranked=account.largest is not None)
    return members


def _closed(
    accounts: Sequence[Account], memberships: Mapping[str, Membership | None], settled: Settled
) -> tuple[tuple[Account, ...], dict[str, Membership | None]]:
    """Return accounts and memberships in which no ticker is bought after its prices are at fault."""
    if not (closed := settled.closed):
        return tuple(accounts), dict(memberships)
    days = tuple(sorted(closed.items()))
    return tuple(replace(a, broker=replace(a.broker, closed=days)) for a in accounts), {
        name: members.without(settled.bars, closed) if members else None
        for name, members in memberships.items()
    }


def _long_enough(
    bars: Mapping[str, Bars], faults: Sequence[Fault], plan: Plan, leave_out: bool
) -> dict[str, Bars]:
    """Return the bars that are long enough for the plan; called before anything is trained.

    There is a warning for each ticker that is left out, and for each that a faulty row shortens.

    Raises
    ------
    InputError
        A ticker has too few sessions; if such tickers are left out: all have too few.
    """
    kept: dict[str, Bars] = {}
    short: dict[str, str] = {}
    for ticker, series in bars.items():
        try:
            plan.walk_forward.split(series.sessions)
            kept[ticker] = series
        except InputError as error:
            short[ticker] = f"{ticker}: {error}"
            if not leave_out:
                raise InputError(short[ticker]) from error
    faulty = {fault.ticker: fault.sentence(left_out=fault.ticker not in kept) for fault in faults}
    left_out = short | {ticker: text for ticker, text in faulty.items() if ticker not in kept}
    if not kept:
        first = left_out[min(left_out)]
        raise InputError(f"no ticker of the universe can be forecast; the first is {first}")
    for sentence in left_out.values():
        warnings.warn(f"left out of the universe: {sentence}", DataWarning, stacklevel=2)
    for ticker, sentence in faulty.items():
        if ticker in kept:
            warnings.warn(sentence, DataWarning, stacklevel=2)
    return kept
