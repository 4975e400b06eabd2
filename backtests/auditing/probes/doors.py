"""Records the files and connections that code opens."""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager

#: Files that Python and its libraries read by themselves: code, and files of the system.
CODE = (".py", ".h", ".cpp", ".pyc", ".pyi", ".so", ".pyd", ".dll", ".dylib", ".pth")
#: Descriptions of installed packages; torch looks there for its plugins.
METADATA = (".egg-info", ".dist-info")
SYSTEM = ("/proc/", "/sys/", "/dev/", "/etc/", "/usr/", "/lib/", "/lib64/")
INSTALLED = tuple(
    {os.path.realpath(p) for p in (sys.prefix, sys.base_prefix, *sysconfig.get_paths().values())}
)

_listeners: list[list[str]] = []
_hooked: list[bool] = []


@contextmanager
def heard() -> Iterator[list[str]]:
    """Yield a list to which every path and address is added that this process opens meanwhile.

    Files that a compiled library opens by itself are not recorded.
    """
    if not _hooked:  # a hook of the interpreter cannot be removed: one is enough
        sys.addaudithook(_hear)
        _hooked.append(True)
    doors: list[str] = []
    _listeners.append(doors)
    try:
        yield doors
    finally:
        _listeners.remove(doors)


def _hear(event: str, arguments: tuple[object, ...]) -> None:
    if not _listeners:
        return
    what: str | None = None
    if event in ("open", "sqlite3.connect") and isinstance(arguments[0], str | bytes | os.PathLike):
        path = os.path.realpath(os.fsdecode(arguments[0]))
        metadata = os.path.dirname(path).endswith(METADATA)
        if not (metadata or path.endswith(CODE) or path.startswith((*SYSTEM, *INSTALLED))):
            what = path
    elif event == "socket.connect":
        what = f"a connection to {arguments[1]}"
    elif event == "subprocess.Popen":
        what = f"the program {arguments[0]}"
    if what is not None:
        for doors in _listeners:
            if what not in doors:
                doors.append(what)
