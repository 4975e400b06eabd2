"""`backtests <command>` and `python -m backtests <command>`."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence

from backtests.command.guard import DONE, USAGE

COMMANDS = {
    "run": "bars -> forecasts -> backtests -> pages",
    "grid": "settings crossed, ranked beside naive: by default the 54 runs of S3",
    "audit": "look-ahead and shared state in a forecaster or a rule, also your own",
    "list": "what can be named: forecasters, networks, strategies, sources, markets, engines",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Hand over to the command that was named; return its exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words and words[0] in COMMANDS:
        code: int = importlib.import_module(f"backtests.{words[0]}").main(words[1:])
        return code
    asked = bool(words) and words[0] in ("-h", "--help")
    lines = [f"  {name:<6} {what}" for name, what in COMMANDS.items()]
    text = "\n".join(["usage: backtests <command> [flags]; commands:", *lines])
    if asked:
        print(text)
        return DONE
    problem = f"backtests: no command '{words[0]}'\n" if words else ""
    print(problem + text, file=sys.stderr)
    return USAGE


if __name__ == "__main__":
    sys.exit(main())
