"""What a user's class says of itself beside its work, checked before anything is trained or traded."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import fields
from typing import Any

import numpy as np

from backtests.plugins.named import is_ours
from forecasters.base import Forecaster
from forecasters.errors import InputError, method_of, told
from forecasters.preparation.preprocessing import Preprocessing
from strategies.rule import Rule
from strategies.variants import Variant, by_exit

#: Forecast returns that a rule is asked about: none, some, and no forecast.
RETURNS = (-0.1, 0.0, 0.1, math.nan)


def check_rule(label: str, rule: Rule) -> None:
    """Refuse a rule whose class answers what a run cannot use.

    Raises
    ------
    InputError
        `memory`, `fill`, `needs`, `could_buy`, `variants` or `reading` is of another kind than
        `Rule` says, or it cannot be varied as its class says.
    """
    _expect(rule, "memory", rule.memory, _count, "a whole number, 0 or more")
    _expect(rule, "fill", rule.fill, lambda v: v in ("open", "close"), "'open' or 'close'")
    _expect(rule, "needs", rule.needs(), _share, "a finite number, or None")
    _expect(rule, "reading", rule.reading(), lambda v: isinstance(v, str), "a sentence")
    returns = np.array(RETURNS)
    flags: Any = rule.could_buy(returns.copy())
    _expect(
        rule,
        "could_buy",
        flags,
        lambda v: isinstance(v, np.ndarray) and v.dtype == bool and v.shape == returns.shape,
        "an array of bool of the same shape",
    )
    try:
        variants: Any = rule.variants()
        by_exit(rule)
    except ValueError as error:
        raise InputError(f"{label}: {error}") from error
    _expect(rule, "variants", variants, _variants, "a tuple of Variant")
    _check_settings(rule, {f.name: getattr(rule, f.name) for f in fields(rule)})


def check_forecaster(forecaster: Forecaster) -> None:
    """Refuse a forecaster whose class answers what a run cannot use.

    Raises
    ------
    InputError
        `name`, `preprocessing` or `cost` is of another kind than `Forecaster` says, or a setting
        cannot be written into a manifest.
    """
    _expect(forecaster, "name", forecaster.name, lambda v: isinstance(v, str) and v, "a name")
    _expect(
        forecaster,
        "preprocessing",
        forecaster.preprocessing,
        lambda v: isinstance(v, Preprocessing),
        "a Preprocessing",
    )
    _expect(forecaster, "cost", forecaster.cost(1), _share, "a finite number")
    params: Any = forecaster.get_params()
    _expect(forecaster, "get_params", params, lambda v: isinstance(v, dict), "a dict of settings")
    _check_settings(forecaster, params)


def _expect(plugin: Any, name: str, value: Any, right: Callable[[Any], Any], wanted: str) -> None:
    if not right(value):
        came = "None (is a `return` missing?)" if value is None else repr(value)
        raise InputError(f"{method_of(plugin, name)} gave {came}; it must be {wanted}")


def _check_settings(plugin: Any, settings: dict[str, Any]) -> None:
    """Refuse settings that a key and a manifest cannot hold."""
    if is_ours(type(plugin)):
        return
    for name, value in settings.items():
        try:
            json.dumps(value, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise InputError(
                f"{method_of(plugin, str(name))} is {value!r}, which a manifest cannot hold ({told(error)}): make "
                "it a number, a text, a list of them or None, or set it in fit with a name that ends in _"
            ) from error


def _count(value: Any) -> bool:
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    return whole and int(value) >= 0


def _share(value: Any) -> bool:
    if value is None:
        return True
    real = isinstance(value, int | float | np.floating | np.integer)
    return real and not isinstance(value, bool) and math.isfinite(value)


def _variants(value: Any) -> bool:
    return isinstance(value, tuple) and all(
        isinstance(v, Variant) and isinstance(v.rule, Rule) and _share(v.threshold) for v in value
    )
