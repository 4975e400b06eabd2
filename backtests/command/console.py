"""A terminal that prints text as it is, without markup."""

from __future__ import annotations

from typing import Any


def plain_console(width: int | None) -> Any:
    """Return a console of rich that prints text as it is.

    A ticker, a name or a path may hold [bold] or :cat:, which rich would take for markup. When the
    reader of a pipe has left, `BrokenPipeError` is raised, where rich would exit.

    Parameters
    ----------
    width : int or None
        Letters in a line; None: those of the terminal.
    """
    from rich.console import Console

    class Plain(Console):
        def on_broken_pipe(self) -> None:
            raise BrokenPipeError

    return Plain(highlight=False, markup=False, emoji=False, width=width)
