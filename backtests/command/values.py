"""Every value of a configuration as it was used: defaults as plugins, market and bars set them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from backtests.command.config import RunConfig
from backtests.command.flag import flags_of, settings_for

#: Values that stand in the description of an account, and in that of its costs.
ACCOUNT = ("cash", "cash_fraction", "slots", "volume_cap")
COSTS = ("commission_bps", "slippage_bps", "slippage_ticks", "instrument")
#: In the table of a page: no forecaster and no rule of the run has this setting.
UNUSED = "not used"


def values_used(config: RunConfig, made_of: Mapping[str, Any]) -> dict[str, Any]:
    """Return every value of a configuration, as JSON has it, with defaults as they were resolved.

    Where all plugins or accounts that have a value agree, the value is plain. Else it is an object:
    by label of forecaster or rule, by account, by ticker (`source`). None stays where nothing has
    the setting, and where None itself means something (``max_hold``: never).

    Parameters
    ----------
    made_of : mapping
        All that enters the key of the run or the grid, as its manifest has it.
    """
    values = config.values()
    used = {name: _plain(by_label) for name, by_label in _by_plugin(made_of, config).items()}
    accounts = made_of.get("accounts", {})
    if accounts:
        costs = {name: account["costs"] for name, account in accounts.items()}
        used |= {key: _plain({name: a[key] for name, a in accounts.items()}) for key in ACCOUNT}
        used |= {key: _plain({name: c[key] for name, c in costs.items()}) for key in COSTS}
        used["market"] = _plain({name: c["market"]["name"] for name, c in costs.items()})
        used["tax_bps"] = _plain({name: _tax(c) for name, c in costs.items()})
    if config.source == "auto":
        used["source"] = _plain({data["ticker"]: data["source"] for data in made_of["data"]})
    return values | {name: value for name, value in used.items() if name in values}


def rows_of(manifest: Mapping[str, Any], of: type[RunConfig] = RunConfig) -> list[tuple[str, str]]:
    """Return the configuration of a manifest as rows of a table: name and value in words.

    Parameters
    ----------
    of : type
        The configuration whose fields they are: each says what None means.
    """
    meaning = {name: flag.none or UNUSED for name, flag in flags_of(of).items()}
    by_plugin = _by_plugin(manifest, of)
    meaning |= {name: UNUSED for name, by_label in by_plugin.items() if not by_label}
    config = manifest.get("config") or {}
    return [(name, _text(value, meaning.get(name, UNUSED))) for name, value in config.items()]


def _by_plugin(made_of: Mapping[str, Any], config: Any) -> dict[str, dict[str, Any]]:
    """Return by setting, then by label, what the forecasters and rules that have it took."""
    # naive gets no flag: it is the same beside every forecaster
    models = {n: model for n, model in made_of.get("forecasters", {}).items() if n != "naive"}
    rules = made_of.get("strategies", {})
    by_setting = {
        name: {n: p["settings"][name] for n, p in plugins.items() if name in p["settings"]}
        for plugins, kind in ((models, "forecaster"), (rules, "strategy"))
        for name in settings_for(config, kind)
    }
    inputs = {n: model["features"] for n, model in models.items() if "features" in model}
    return by_setting | ({"features": inputs} if inputs else {})  # a grid crosses them


def _plain(by_label: Mapping[str, Any]) -> Any:
    """Return the value that all share; where they differ, each by its label; None if there is none."""
    first = next(iter(by_label.values()), None)
    return first if all(value == first for value in by_label.values()) else dict(by_label)


def _tax(costs: Mapping[str, Any]) -> float | str:
    """Return the rate that was set; else the name of the market whose dated table applied.

    The table itself stands under `accounts` of the manifest.
    """
    if costs["tax_bps"] is not None:
        return float(costs["tax_bps"])
    market = costs["market"]
    return f"{market['name']} table by date" if market["tax"] else 0.0


def _text(value: Any, meaning: str) -> str:
    if value is None:
        return meaning
    if isinstance(value, Mapping):
        return "; ".join(f"{label}: {_text(part, meaning)}" for label, part in value.items())
    if isinstance(value, list):
        return " ".join(map(str, value)) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else json.dumps(value)
