"""What can lie in the place of a file: a pipe, a socket, a loop of links, a hole of a terabyte."""

from __future__ import annotations

import os
import socket
from pathlib import Path


def make_socket(path: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)  # a name of a socket has at most 107 characters
    try:
        with socket.socket(socket.AF_UNIX) as one:
            one.bind(path.name)
    finally:
        os.chdir(here)


def make_hole(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(10**12)  # without a block on the disk


def make_loop(path: Path) -> None:
    path.symlink_to(path.name)
