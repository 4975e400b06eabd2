"""`python -m backtests.list`: what can be named, with one line each."""

from __future__ import annotations

import argparse
import inspect
import sys
from collections.abc import Sequence

from backtests.command import DONE, guarded

WHAT = ("forecasters", "strategies", "sources", "markets", "engines")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    return guarded(_main, arguments)


def _main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="backtests list", description="Say what can be named.")
    parser.add_argument("what", choices=WHAT)
    what = parser.parse_args(arguments).what
    lines = {"markets": _markets, "engines": _engines}.get(what, lambda: _plugins(what))()
    width = max(map(len, lines))
    for name, line in lines.items():
        print(f"{name:<{width}}  {line}")
    return DONE


def _plugins(what: str) -> dict[str, str]:
    from backtests import plugins

    kind = {
        "forecasters": plugins.FORECASTERS,
        "strategies": plugins.STRATEGIES,
        "sources": plugins.SOURCES,
    }[what]
    found = {}
    for name in plugins.names(kind):
        cls = plugins.load(kind, plugins.Named(name, {}))
        settings = ", ".join(f"{key}={getattr(cls, key, '')}" for key in plugins.settings_of(cls))
        found[name] = _first_line(cls) + (f" [{settings}]" if settings else "")
    return found


def _markets() -> dict[str, str]:
    from backtests.markets.market import known

    return {
        name: f"{m.currency or 'currency of the listing'}, commission {m.commission_bps:g} bp a side, "
        f"tax {f'{m.tax[-1].share:.2%} since {m.tax[-1].since}' if m.tax else 'none'}"
        for name, m in sorted(known().items())
    }


def _engines() -> dict[str, str]:
    import importlib
    import pkgutil

    package = importlib.import_module("forecasters.engines")
    modules = (
        importlib.import_module(f"{package.__name__}.{m.name}")
        for m in pkgutil.iter_modules(package.__path__)
    )
    return {module.__name__.rpartition(".")[2]: _first_line(module) for module in modules}


def _first_line(thing: object) -> str:
    return (inspect.getdoc(thing) or "").partition("\n")[0]


if __name__ == "__main__":
    sys.exit(main())
