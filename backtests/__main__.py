"""`backtests <command>` and `python -m backtests <command>`."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from pathlib import Path

from backtests.command.ending import INTERRUPTED, end_now, say_interrupted, watch
from backtests.command.guard import DONE, USAGE
from backtests.writing.plain import message


def main(arguments: Sequence[str] | None = None) -> int:
    """Hand over to the command that was named; return its exit code."""
    if arguments is not None:
        return _main(list(arguments))
    watch()
    try:
        code = _main(sys.argv[1:])
    except KeyboardInterrupt:  # while a command is imported
        say_interrupted()
        code = INTERRUPTED
    if code == INTERRUPTED:
        end_now()
    return code


def _main(words: list[str]) -> int:
    files = command_files()
    if words and words[0] in files:
        code: int = importlib.import_module(module_of(files[words[0]])).main(words[1:])
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
    """Return name to file of every command: a module here with a `main`, or a package's `__main__`."""
    here = Path(__file__).parent
    files = {path.stem: path for path in here.glob("[!_]*.py") if _has_main(path)}
    files |= {path.parent.name: path for path in here.glob("[!_]*/__main__.py")}
    return dict(sorted(files.items()))


def module_of(path: Path) -> str:
    """Return the name of the module of a command."""
    return ".".join(path.relative_to(Path(__file__).parents[1]).with_suffix("").parts)


def _has_main(path: Path) -> bool:
    return "\ndef main(" in path.read_text(encoding="utf-8")


def purpose(path: Path) -> str:
    """Return the first line of a module's docstring; the module is read and not imported."""
    import ast

    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return docstring.partition("\n")[0].removesuffix(".")


if __name__ == "__main__":
    sys.exit(main())
