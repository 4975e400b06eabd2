"""List the names that flags take: forecasters, networks, strategies, sources, markets, engines."""

from __future__ import annotations

import argparse
import inspect
import sys
import typing
import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from backtests.command.guard import DONE, FAILURES, guarded, say

if TYPE_CHECKING:
    from backtests.plugins import Kind, Named

WHAT = ("forecasters", "networks", "strategies", "sources", "markets", "engines")
#: Inputs of a network where none are named: open, high, low, close, volume.
CHANNELS = 5


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    return guarded(_main, arguments)


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the flags."""
    from backtests.command.flags import Parser, shown_examples

    prog = "backtests list"
    parser = Parser(
        prog=prog,
        description="List the names that flags take, one a line, with their settings and defaults.",
        epilog=f"{shown_examples(prog, ('strategies', 'forecasters'))}\n\nexit codes: {DONE} done, {FAILURES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("what", choices=WHAT)
    return parser


def _main(arguments: Sequence[str]) -> int:
    what = make_parser().parse_args(arguments).what
    others = {"markets": _markets, "engines": _engines, "networks": _networks}
    with warnings.catch_warnings(record=True) as caught:
        lines = others.get(what, lambda: _plugins(what))()
    width = max(map(len, lines))
    for name, line in lines.items():
        print(f"{name:<{width}}  {line}")
    for warning in caught:
        say(f"WARNING: {warning.message}")
    return DONE


def _plugins(what: str) -> dict[str, str]:
    from backtests import plugins

    kind = {
        "forecasters": plugins.FORECASTERS,
        "strategies": plugins.STRATEGIES,
        "sources": plugins.SOURCES,
    }[what]

    def settings(named: Named) -> str:
        cls = plugins.load(kind, named)
        shown = ", ".join(
            f"{key}={getattr(cls, key, '')}{_choices(cls, key, hint)}"
            for key, hint in plugins.settings_of(cls).items()
        )
        presets = "/".join(getattr(cls, "presets", ()))
        shown += f", preset (of {presets})" if presets else ""
        return _first_line(cls) + (f" [{shown}]" if shown else "")

    return _of_each(kind, settings)


def _choices(cls: Any, key: str, hint: Any) -> str:
    """Return the values that a setting can have, if its type or its field names them."""
    named = cls.__dataclass_fields__[key].metadata.get("choices", ())
    choices = typing.get_args(hint) if typing.get_origin(hint) is typing.Literal else named
    return f" (of {'/'.join(map(str, choices))})" if choices else ""


def _networks() -> dict[str, str]:
    from backtests.plugins import FORECASTERS, make
    from forecasters.neural import NeuralForecaster

    def size(named: Named) -> str:
        forecaster = make(FORECASTERS, named)
        if not isinstance(forecaster, NeuralForecaster):
            return ""
        summary = forecaster.summary(CHANNELS)
        flop = f"{'at least ' if summary.unknown else ''}{summary.known_flop:,}"
        return (
            f"{summary.trainable:>7,} parameters to train, {flop:>9} FLOP for a window of "
            f"{forecaster.lookback} sessions by {CHANNELS} inputs"
        )

    return _of_each(FORECASTERS, size)


def _of_each(kind: Kind, line: Callable[[Named], str]) -> dict[str, str]:
    """Return a line for each plugin that has one; a package that fails must not hide the others."""
    from backtests import plugins
    from forecasters.errors import InputError

    lines = {}
    for name in plugins.names(kind):
        try:
            text = line(plugins.Named(name, {}))
        except InputError as error:
            text = f"cannot be used: {error}".partition("\n")[0]
        if text:
            lines[name] = text
    return lines


def _markets() -> dict[str, str]:
    from backtests.markets.market import known

    lines = {}
    for name, market in sorted(known().items()):
        stocks = [rate for rate in market.tax if rate.instrument == "stock"]
        newest = max(stocks, key=lambda rate: rate.since, default=None)
        tax = f"{newest.share:.2%} since {newest.since} (stocks)" if newest else "none"
        lines[name] = (
            f"{market.currency or 'currency of the listing'}, commission {market.commission_bps:g} bp a side, "
            f"tax on sales {tax}"
        )
    return lines


def _engines() -> dict[str, str]:
    from forecasters.engines.native.library import available, isa

    missing = available()
    return {
        "native": f"compiled kernels ({isa()}) for plain nn.Sequential networks, many times faster"
        if missing is None
        else f"compiled kernels, not here: {missing}",
        "torch": "any torch module, one thread a fit; --device cuda",
    }


def _first_line(thing: object) -> str:
    return (inspect.getdoc(thing) or "").partition("\n")[0]


if __name__ == "__main__":
    sys.exit(main())
