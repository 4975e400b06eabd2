"""Objects from names and values: sources, forecasters, rules, folds, accounts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from backtests import plugins
from backtests.account.broker import Broker
from backtests.command.config import RunConfig
from backtests.command.flag import name_of
from backtests.jobs.fit_key import engine_of
from backtests.jobs.parallel import Plugin
from backtests.judging.sensitivity import swept_rule
from backtests.markets.costs import Costs
from backtests.markets.market import market_for
from backtests.sources.extra_files import read_extra
from backtests.studies.plan import Account, Plan
from backtests.studies.study import UNIVERSE
from backtests.universe.file import read_universe
from forecasters.base import Forecaster
from forecasters.errors import InputError
from forecasters.walk_forward import WalkForward
from forecasters.walk_forward.fixed_split import FixedSplit
from strategies.rule import Rule


@dataclass(frozen=True, eq=False)
class Resolved:
    """A plan, the user's files behind it, and its description for the manifest and the key."""

    plan: Plan
    files: tuple[Plugin, ...]
    described: dict[str, Any]


def make_source(config: RunConfig) -> Any:
    """Return the data source that the configuration names.

    Raises
    ------
    InputError
        There is no such source, or it cannot fill rows that lack a price, as `--missing fill` asks.
    """
    defaults: dict[str, Any] = {"adjust": config.adjust, "missing": config.missing}
    if config.data_dir is not None:
        defaults["data_dir"] = Path(config.data_dir)
    source = plugins.make(plugins.SOURCES, plugins.parse(config.source), defaults)
    if config.missing != "drop" and not hasattr(source, "missing"):
        raise InputError(
            f"--missing {config.missing} is for files: add --data-dir; --source {config.source} has no such choice"
        )
    return source


def describe_source(source: Any) -> dict[str, Any] | None:
    """Return class and code of a source that is not ours; None for ours: the bars describe it.

    Bars that a run folder keeps stand for their source, and have its description.
    """
    if plugins.is_ours(type(source)) and hasattr(source, "described"):
        described: dict[str, Any] | None = source.described
        return described
    code = plugins.provenance(type(source))
    return {"class": _name(plugins.SOURCES, source), "code": code} if code else None


def make_plan(config: RunConfig) -> Resolved:
    """Return the plan with every name resolved.

    Raises
    ------
    InputError
        A name or a setting is unknown, two plugins share a label, a flag fits nothing.
    """
    forecasters = make_forecasters(config, config.forecaster)
    rules = _instances(plugins.STRATEGIES, (*config.strategy, "buy_and_hold"), config)
    rules["buy_and_hold"] = rules.pop("buy_and_hold")  # last, wherever it was named
    for label, rule in rules.items():
        plugins.check_rule(label, rule)
    walk_forward = make_folds(config)
    extras = tuple(read_extra(Path(name)) for name in config.extra)
    plan = Plan(
        forecasters, rules, walk_forward, config.features, config.seed_list, extras, config.shifts
    )
    described = {
        "forecasters": {label: describe_forecaster(f) for label, f in forecasters.items()},
        "strategies": {label: describe_rule(rule) for label, rule in rules.items()},
        # Which rule is swept is the one thing that the order of names decides.
        "swept": describe_rule(rules[swept]) if (swept := swept_rule(rules)) else None,
        "walk_forward": describe_folds(walk_forward),
        "features": config.features,
        "seeds": list(plan.seeds),
        "save_fits": config.save_fits,
        "shifts": config.shifts,
    }
    return Resolved(plan, files_behind([*forecasters.values(), *rules.values()]), described)


def make_forecasters(config: RunConfig, names: Sequence[str]) -> dict[str, Forecaster]:
    """Return label to forecaster, naive first, each with the flags that fit it.

    Raises
    ------
    InputError
        A name or a setting is unknown, a flag fits none, or one learns from several tickers and
        there is only one.
    """
    forecasters = _instances(plugins.FORECASTERS, ("naive", *names), config)
    for forecaster in forecasters.values():
        plugins.check_forecaster(forecaster)
    pooled = [label for label, forecaster in forecasters.items() if forecaster.pooled]
    if pooled and len(_tickers(config)) < 2:
        raise InputError(f"{pooled[0]} learns from several tickers: name more than one ticker")
    return forecasters


def files_behind(instances: Iterable[Any]) -> tuple[Plugin, ...]:
    """Return the user's files that these plugins come from, for the workers."""
    types = [type(instance) for instance in instances]
    classes = {cls.__module__: cls for cls in types if "@" in cls.__module__}
    return tuple((plugins.file_of(cls), name) for name, cls in classes.items())


def describe_forecaster(forecaster: Forecaster) -> dict[str, Any]:
    """Return the description of a forecaster, which enters the key."""
    settings = forecaster.get_params() | engine_of(forecaster)
    return _describe(_name(plugins.FORECASTERS, forecaster), forecaster, settings)


def describe_rule(rule: Rule) -> dict[str, Any]:
    """Return the description of a rule, which enters the key."""
    return _describe(_name(plugins.STRATEGIES, rule), rule, asdict(rule))


def describe_folds(walk_forward: WalkForward) -> dict[str, Any]:
    """Return the description of a plan of folds, which enters the key."""
    return _describe(walk_forward.name, walk_forward, asdict(walk_forward))


def _describe(name: str, plugin: Any, settings: dict[str, Any]) -> dict[str, Any]:
    """Return the name of the class, its settings and, if it is not ours, the sha256 of its code."""
    return {"class": name, "settings": settings, "code": plugins.provenance(type(plugin))}


def _name(kind: plugins.Kind, plugin: Any) -> str:
    """Return the name of a plugin among all kinds: ``forecaster:cnn``."""
    return f"{kind.word}:{plugins.name_of(type(plugin))}"


def make_folds(config: RunConfig) -> WalkForward:
    """Return the walk-forward, or the one fixed split that takes its place."""
    if config.split is not None:
        return FixedSplit.parse(config.split, config.purge, config.horizon)
    return WalkForward(
        train_size=config.train_size,
        step=config.step,
        expanding=config.expanding,
        purge=config.purge,
        horizon=config.horizon,
        validation=config.validation,
    )


def make_accounts(config: RunConfig) -> tuple[Account, ...]:
    """Return the accounts: one for each ticker, or one for all tickers of a universe.

    Raises
    ------
    InputError
        The file of the universe cannot be read, or its tickers are of several markets.
    """
    if config.universe is None:
        return tuple(
            Account(ticker, ticker, (ticker,), make_broker(config, ticker))
            for ticker in config.ticker
        )
    universe = read_universe(config.universe)
    brokers = {ticker: make_broker(config, ticker) for ticker in universe.tickers}
    first, broker = next(iter(brokers.items()))
    for ticker, other in brokers.items():
        if other != broker:
            raise InputError(
                f"--universe {config.universe}: {first} trades on market {broker.costs.market.name}, {ticker} on "
                f"{other.costs.market.name}, and one account has one market: split the file, or name --market"
            )
    return (
        Account(
            UNIVERSE,
            universe.name,
            tuple(sorted(universe.tickers)),
            replace(broker, slots=config.slots),
            config.largest,
            universe.corrections,
            universe.splits,
        ),
    )


def describe_account(account: Account) -> dict[str, Any]:
    """Return the description of an account, which enters the key, without its title, a file's name."""
    described: dict[str, Any] = asdict(account.broker)
    if not account.broker.closed:  # the bars are sound: the same key of a trial as ever
        del described["closed"]
    if account.name == UNIVERSE:
        described |= {
            "tickers": list(account.tickers),
            "largest": account.largest,
            "mends": {
                ticker: [asdict(correction) for correction in corrections]
                for ticker, corrections in account.corrections.items()
            },
        }
    return described


def make_broker(config: RunConfig, ticker: str) -> Broker:
    """Return the account of one ticker: its market's costs, or those that the user set."""
    market = market_for(ticker, config.market)
    costs = Costs.of(
        market,
        config.commission_bps,
        config.slippage_bps,
        config.tax_bps,
        config.instrument,
        config.slippage_ticks,
    )
    cash = market.cash if config.cash is None else config.cash
    return Broker(cash, costs, config.cash_fraction, volume_cap=config.volume_cap)


def _tickers(config: RunConfig) -> tuple[str, ...]:
    return config.ticker if config.universe is None else read_universe(config.universe).tickers


def _instances(kind: plugins.Kind, texts: Sequence[str], config: RunConfig) -> dict[str, Any]:
    """Return label to plugin; refuse a flag that fits none and a label that two plugins share."""
    named: dict[str, plugins.Named] = {}
    for text in texts:
        new = plugins.parse(text)
        if named.setdefault(new.label, new) != new:
            places = (str(n.path or "ours") for n in (named[new.label], new))
            raise InputError(
                f"two things are called '{new.label}': {' and '.join(places)}; rename the file"
            )
    given = config.settings(kind.word)
    # naive takes no flag: it has no setting, so it is the same in every run
    instances = {
        label: plugins.make(kind, n, {} if label == "naive" else given)
        for label, n in named.items()
    }
    for flag in given:
        if not any(
            flag in plugins.settings_of(type(plugin))
            for label, plugin in instances.items()
            if label != "naive"
        ):
            raise InputError(
                f"{name_of(flag)} fits no {kind.word} of this run: {', '.join(instances)}"
            )
    return instances
