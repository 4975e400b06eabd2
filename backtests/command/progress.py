"""Progress on stderr: a bar on a terminal, a line every 15 seconds elsewhere."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Any, Self

from backtests.command.streams import write_line

#: Seconds between two lines where stderr is not a terminal.
LINE_EVERY = 15.0
#: Tasks that must be done after the first before the time left is estimated.
SETTLED = 4


class Progress:
    """Counts tasks that are done and estimates how long the rest takes; silent when `quiet`.

    ``with Progress("training", 72, kept=10) as progress: progress.advance()``
    """

    def __init__(self, what: str, total: int, *, kept: int = 0, quiet: bool = False) -> None:
        self.what, self.total, self.done, self.kept = what, total, kept, kept
        self.quiet = quiet or total == kept
        self._bar: Any = None
        self._first: tuple[float, int] | None = None

    def __enter__(self) -> Self:
        self._began = self._last_line = time.monotonic()
        if not self.quiet and sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
            from rich.progress import Progress as Bar

            self._bar = Bar(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("{task.fields[left]}"),
                console=Console(stderr=True),
            )
            self._bar.start()
            self._task = self._bar.add_task(
                self.what, total=self.total, completed=self.kept, left=""
            )
        elif not self.quiet:
            resumed = f" ({self.kept} kept from before)" if self.kept else ""
            left = self.total - self.kept
            write_line(f"{self.what}: {left} to do{resumed}", sys.stderr)
        return self

    def advance(self) -> None:
        """Count one more task as done."""
        self.done += 1
        if self.quiet:
            return
        left = self._left()
        if self._bar is not None:
            self._bar.update(self._task, completed=self.done, left=left)
        elif time.monotonic() - self._last_line >= LINE_EVERY:
            self._last_line = time.monotonic()
            write_line(f"{self.what}: {self.done} of {self.total}, {left}", sys.stderr)

    def _left(self) -> str:
        # The first tasks wait until the workers have started: the clock runs from the first that is done.
        now = time.monotonic()
        if self._first is None:
            self._first = (now, self.done)
        new = self.done - self._first[1]
        if new < SETTLED:
            return "time left: soon known"
        seconds = (now - self._first[0]) / new * (self.total - self.done)
        return (
            f"about {seconds / 60:.1f} min left" if seconds >= 90 else f"about {seconds:.0f} s left"
        )

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()
        elif not self.quiet and error is None:
            seconds = time.monotonic() - self._began
            write_line(f"{self.what}: {self.done} of {self.total} in {seconds:.0f} s", sys.stderr)
