"""What a grid crosses: fields and their values, and the variants that they make."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from backtests import plugins
from backtests.writing.numbers import listed
from forecasters.errors import InputError, nearest

#: The one field that belongs to the inputs and not to a forecaster.
FEATURES = "features"
NAIVE = "naive"
FEATURE_KINDS = ("ohlcv", "ohlcv+indicators")

Axes = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Variant:
    """One forecaster of the grid.

    Attributes
    ----------
    label : str
        As tables name it: ``cnn:activation=relu,filters=64``; crossed inputs stand in it as a setting.
    base : str
        The forecaster that was crossed, as the user named it, without what was crossed.
    text : str
        What names the forecaster with its settings; without the inputs.
    crossed : mapping
        Field to value, as typed; empty for a forecaster beside the grid.
    features : str
        Its inputs.
    """

    label: str
    base: str
    text: str
    crossed: Mapping[str, str]
    features: str


@dataclass(frozen=True)
class Crossing:
    """Everything that a grid runs, naive first, and what must be said of it."""

    axes: Axes
    variants: tuple[Variant, ...]
    told: tuple[str, ...]


def parse_axes(texts: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return field to values of texts like ``filters=64,128``.

    Raises
    ------
    InputError
        A text has another form, a field stands twice, a value stands twice.
    """
    axes: dict[str, tuple[str, ...]] = {}
    for text in texts:
        name, equals, tail = text.partition("=")
        name = name.strip().replace("-", "_")
        values = tuple(value.strip() for value in tail.split(","))
        if not equals or not name or not all(values):
            raise InputError(f"--cross '{text}': write field=value,value")
        if name in axes:
            raise InputError(f"--cross names {name} twice: write {name}=value,value once")
        if len(set(values)) < len(values):
            raise InputError(f"--cross '{text}' has a value twice")
        axes[name] = values
    return axes


def cross(bases: Sequence[str], axes: Axes, beside: Sequence[str], features: str) -> Crossing:
    """Return every combination of values of every forecaster, and the forecasters beside them.

    A field that some of the forecasters lack is crossed where it exists, which is told.

    Raises
    ------
    InputError
        No forecaster has a field, one with nothing to cross, a field that is already set in a name.
    """
    named = {base: plugins.parse(base) for base in dict.fromkeys(bases)}
    fields = {
        base: {*plugins.settings_of(plugins.load(plugins.FORECASTERS, one)), FEATURES}
        for base, one in named.items()
    }
    told = _check_fields(named, fields, axes)
    variants = [_variant(NAIVE, {}, features)]
    for base, one in named.items():
        own = {name: values for name, values in axes.items() if name in fields[base]}
        if twice := sorted(own.keys() & one.settings.keys()):
            raise InputError(f"--forecaster {base} sets {twice[0]}, which --cross varies")
        if not own or one.name == NAIVE:
            raise InputError(f"there is nothing of {base} to cross: name it --beside the grid")
        combinations = itertools.product(*own.values())
        variants += [_variant(base, dict(zip(own, v, strict=True)), features) for v in combinations]
    variants += [_variant(text, {}, features) for text in beside]
    found: dict[str, Variant] = {}
    for variant in variants:  # what is named beside the grid and stands in it is there once
        found.setdefault(variant.label, variant)
    return Crossing(axes, tuple(found.values()), told)


def _variant(base: str, crossed: Mapping[str, str], features: str) -> Variant:
    named = plugins.parse(base)
    settings = {name: value for name, value in crossed.items() if name != FEATURES}
    if (inputs := crossed.get(FEATURES, features)) not in FEATURE_KINDS:
        raise InputError(f"--cross features has '{inputs}'{nearest(inputs, FEATURE_KINDS)}")
    written = ",".join(f"{key}={value}" for key, value in {**named.settings, **settings}.items())
    head = str(named.path or named.name)
    return Variant(
        label=plugins.Named(named.name, {**named.settings, **crossed}).label,
        base=named.label,
        text=f"{head}:{written}" if written else head,
        crossed=dict(crossed),
        features=inputs,
    )


def _check_fields(
    named: Mapping[str, plugins.Named], fields: Mapping[str, set[str]], axes: Axes
) -> tuple[str, ...]:
    """Return what is crossed for some forecasters only, in words."""
    told = []
    for name in axes:
        have = [one.label for base, one in named.items() if name in fields[base]]
        lack = [one.label for base, one in named.items() if name not in fields[base]]
        if not have:
            every = set().union(*fields.values())
            raise InputError(
                f"--cross {name}: {listed(lack)} {'has' if len(lack) == 1 else 'have'} no such "
                f"setting{nearest(name, every)}"
            )
        if lack:
            told.append(
                f"{name} is crossed for {listed(have)} only: {listed(lack)} "
                f"{'has' if len(lack) == 1 else 'have'} no such setting."
            )
    return tuple(told)
