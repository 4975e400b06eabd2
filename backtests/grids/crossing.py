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
FEATURE_KINDS = ("ohlcv", "ohlcv+indicators", "ohlcv+indicators-d3")

Axes = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Variant:
    """One forecaster of the grid.

    Attributes
    ----------
    label : str
        As tables name it: ``cnn:activation=relu,filters=64``; crossed inputs are part of it as a setting.
    base : str
        The forecaster that was crossed, as the user named it, without what was crossed.
    text : str
        The forecaster with its settings, as the command line takes it; without the inputs.
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
class PartlyCrossed:
    """A crossed field that only some forecasters have: their labels, and those that lack it."""

    name: str
    crossed: tuple[str, ...]
    lacking: tuple[str, ...]


@dataclass(frozen=True)
class Crossing:
    """Everything that a grid runs, naive first, and the fields that some forecasters lack."""

    axes: Axes
    variants: tuple[Variant, ...]
    partly: tuple[PartlyCrossed, ...]


def parse_axes(texts: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return field to values of texts like ``filters=64,128``.

    Raises
    ------
    InputError
        A text has another form, a field is named twice, or a value is named twice.
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

    A field that some forecasters lack is crossed for the others only; `partly` names it.

    Raises
    ------
    InputError
        No forecaster has a field, a forecaster has nothing to cross, or its name already sets a
        crossed field.
    """
    named = {base: plugins.parse(base) for base in dict.fromkeys(bases)}
    fields = {
        base: {*plugins.settings_of(plugins.load(plugins.FORECASTERS, plugin)), FEATURES}
        for base, plugin in named.items()
    }
    partly = _check_fields(named, fields, axes)
    variants = [_variant(NAIVE, {}, features)]
    for base, plugin in named.items():
        crossed = {name: values for name, values in axes.items() if name in fields[base]}
        if twice := sorted(crossed.keys() & plugin.settings.keys()):
            raise InputError(f"--forecaster {base} sets {twice[0]}, which --cross varies")
        if not crossed or plugin.name == NAIVE:
            raise InputError(f"there is nothing of {base} to cross: name it --beside the grid")
        for values in itertools.product(*crossed.values()):
            variants.append(_variant(base, dict(zip(crossed, values, strict=True)), features))
    variants += [_variant(text, {}, features) for text in beside]
    different: dict[str, Variant] = {}
    for variant in variants:  # a forecaster of the grid that is named beside it too counts once
        different.setdefault(variant.label, variant)
    return Crossing(axes, tuple(different.values()), partly)


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
) -> tuple[PartlyCrossed, ...]:
    """Return the fields that only some forecasters have; refuse one that none has."""
    partly = []
    for name in axes:
        having, lacking = (
            tuple(plugin.label for base, plugin in named.items() if (name in fields[base]) is has)
            for has in (True, False)
        )
        if not having:
            raise InputError(
                f"--cross {name}: {listed(list(lacking))} {'has' if len(lacking) == 1 else 'have'} no such "
                f"setting{nearest(name, set().union(*fields.values()))}"
            )
        if lacking:
            partly.append(PartlyCrossed(name, having, lacking))
    return tuple(partly)
