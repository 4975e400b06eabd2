"""Other thresholds and exits of a rule: what a sweep looks at."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

#: Shares, from about the cost of a round trip on the KRX to twice the 5% of S2. They lie dense up to 2%, where
#: most forecasts of the next day end: there a step changes how often a rule buys, at 8% hardly ever.
THRESHOLDS = (0.005, 0.01, 0.015, 0.02, 0.03, 0.04, 0.05, 0.06, 0.08, 0.10)


#: What stands for the exit of a rule that names none.
UNNAMED = "as the rule"


@dataclass(frozen=True)
class Variant:
    """A rule with another threshold or exit, all else as it is.

    Attributes
    ----------
    threshold : float
        Forecast return that it needs to buy, as a share.
    exit : str
        Name of its exit; `UNNAMED` for a rule without named exits.
    rule : Rule
        Any here, because `strategies.rule` imports this file.
    """

    threshold: float
    exit: str
    rule: Any


def by_exit(rule: Any) -> dict[str, Any]:
    """Return the rule under each of the exits that `Rule.exits` names; none without a field `exit`.

    Raises
    ------
    ValueError
        The rule refuses an exit that it names: a mistake in its class.
    """
    if "exit" not in _fields(rule):
        return {}
    varied = {}
    for name in rule.exits:
        try:
            varied[name] = replace(rule, exit=name)
        except ValueError as error:
            raise ValueError(
                f"`exits` of {type(rule).__name__} names '{name}', which the rule refuses ({error}): "
                "accept it, or remove it from `exits`"
            ) from error
    return varied


def thresholds_and_exits(rule: Any) -> tuple[Variant, ...]:
    """Return the rule under each of `THRESHOLDS`, crossed with its exits, its present setting included.

    A threshold that the rule itself refuses (its check raises ValueError) is not among them: a rule
    may know narrower bounds than a share.

    Returns
    -------
    tuple of Variant
        By threshold, ascending, then exit in the order of `Rule.exits`. Empty for a rule without a
        threshold that can be set.
    """
    needed = rule.needs()
    if needed is None or "threshold" not in _fields(rule):
        return ()
    variants = []
    for threshold in sorted({*THRESHOLDS, needed}):
        try:
            varied = replace(rule, threshold=threshold)
        except ValueError:
            continue
        exits = by_exit(varied)
        name = rule.exit if exits else UNNAMED
        exits.setdefault(name, varied)  # the present exit, where it is not among those compared
        variants += [Variant(threshold, exit_, other) for exit_, other in exits.items()]
    return tuple(variants)


def _fields(rule: Any) -> set[str]:
    return {field.name for field in fields(rule) if field.init}
