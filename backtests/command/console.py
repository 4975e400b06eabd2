"""A terminal that prints what it is given, letter by letter."""

from __future__ import annotations

from typing import Any


def plain_console(width: int | None) -> Any:
    """Return rich's console, but for its own exit when the reader of a pipe has left.

    A ticker, a name or a path is printed letter by letter: [bold] and :cat: in it mean nothing.
    """
    from rich.console import Console

    class Plain(Console):
        def on_broken_pipe(self) -> None:
            raise BrokenPipeError

    return Plain(highlight=False, markup=False, emoji=False, width=width)
