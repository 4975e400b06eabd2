"""What lies beside a planted file: tables of later prices in files, names, times and memory."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

Returns = Mapping[str, float]


def nothing() -> None:
    """Nothing to take away."""


def _text(returns: Returns) -> str:
    return "\n".join(f"{day},{value}" for day, value in returns.items())


def csv_file(file: Path, returns: Returns) -> Callable[[], None]:
    """Write a table beside the file; return what takes away what lies elsewhere."""
    file.with_suffix(".csv").write_text(_text(returns))
    return nothing


def h_file(file: Path, returns: Returns) -> Callable[[], None]:
    """Write the table into a header."""
    file.with_suffix(".h").write_text(_text(returns))
    return nothing


def shm_file(file: Path, returns: Returns) -> Callable[[], None]:
    """Write the table into the folder of shared memory."""
    path = Path("/dev/shm/planted-leak")
    path.write_text(_text(returns))
    return path.unlink


def shared_memory(file: Path, returns: Returns) -> Callable[[], None]:
    """Write the table into a named block of shared memory, which no process owns."""
    path = Path("/dev/shm/planted-memory")  # where Linux keeps such blocks
    path.write_bytes(_text(returns).encode())
    return lambda: path.unlink(missing_ok=True)


def file_names(file: Path, returns: Returns) -> Callable[[], None]:
    """Write empty files whose names are the table."""
    return _files(file, [f"{day}_{value}" for day, value in returns.items()])


def up_names(file: Path, returns: Returns) -> Callable[[], None]:
    """Write an empty file for each day before a rise."""
    return _files(file, [f"{day}_up" for day, value in returns.items() if value > 0])


def file_times(file: Path, returns: Returns) -> Callable[[], None]:
    """Write empty files whose times are the table."""
    done = _files(file, list(returns))
    for day, value in returns.items():
        os.utime(file.with_suffix("") / day, (1e9, (1 + value) * 1e9))
    return done


def settings_file(file: Path, returns: Returns) -> Callable[[], None]:
    """Write a table that holds no later price."""
    (file.parent / "weights.csv").write_text("0.5\n0.25\n")
    return nothing


def _files(file: Path, names: list[str]) -> Callable[[], None]:
    folder = file.with_suffix("")
    folder.mkdir()
    for name in names:
        (folder / name).touch()
    return nothing


def nothing_beside(file: Path, returns: Returns) -> Callable[[], None]:
    """Put nothing beside the file."""
    return nothing
