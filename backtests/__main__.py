"""`backtests <command>` and `python -m backtests <command>`."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from pathlib import Path

from backtests.command.guard import DONE, USAGE
from backtests.writing.plain import message


def main(arguments: Sequence[str] | None = None) -> int:
    """Hand over to the command that was named; return its exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    files = command_files()
    if words and words[0] in files:
        code: int = importlib.import_module(f"backtests.{words[0]}").main(words[1:])
        return code
    help_wanted = bool(words) and words[0] in ("-h", "--help")
    width = max(map(len, files))
    lines = [f"  {name:<{width}}  {purpose(path)}" for name, path in files.items()]
    text = "\n".join(["usage: backtests <command> [flags]; commands:", *lines])
    if help_wanted:
        print(text)
        return DONE
    problem = message(f"backtests: no command '{words[0]}'") + "\n" if words else ""
    print(problem + text, file=sys.stderr)
    return USAGE


def command_files() -> dict[str, Path]:
    """Return name to file of every command: the public modules beside this one."""
    beside = sorted(Path(__file__).parent.glob("[!_]*.py"))
    return {path.stem: path for path in beside}


def purpose(path: Path) -> str:
    """Return the first line of a module's docstring; the module is read and not imported."""
    import ast

    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return docstring.partition("\n")[0].removesuffix(".")


if __name__ == "__main__":
    sys.exit(main())
