"""Records what code opens, lists, asks of the file system, and looks for in the interpreter.

The text of this file also runs in a child process under another name: it imports nothing of ours.
"""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from functools import cache, wraps
from types import FrameType
from typing import Any

#: Files of code, which an import may read wherever they lie.
CODE = (".py", ".pyc", ".pyi", ".so", ".pyd", ".dll", ".dylib", ".pth")
#: The text of our kernels, which is compared with what they were built from.
KERNELS = (".h", ".cpp")
#: Files of tables: in the folder of a library they are a data set, and not its code.
TABLES = (
    *(".csv", ".tsv", ".gz", ".zip", ".xz", ".bz2", ".parquet", ".feather", ".arrow", ".h5"),
    *(".npy", ".npz", ".pkl", ".pickle", ".xls", ".xlsx", ".db", ".sqlite"),
)
#: Descriptions of installed packages; torch looks there for its plugins.
METADATA = (".egg-info", ".dist-info")
#: Files of the system that libraries read: processors, memory, time zones, fonts, languages.
SYSTEM = ("/proc/", "/sys/", "/etc/", "/usr/", "/lib/", "/lib64/", "/dev/null", "/dev/tty")
#: Compiled parts of the standard library read these for whoever asks for a time zone or a language.
ZONES = ("/usr/share/zoneinfo/", "/etc/localtime", "/usr/share/locale/", "/usr/lib/locale/")
#: What the system says of this very process: where a program would look for who started it.
PRIVATE = ("environ", "cmdline", "mem", "comm", "stat", "status")


def _roots(names: tuple[str, ...]) -> tuple[str, ...]:
    paths = sysconfig.get_paths()
    bases = sysconfig.get_paths(vars={"base": sys.base_prefix, "platbase": sys.base_prefix})
    found = {os.path.realpath(p[name]) + os.sep for p in (paths, bases) for name in names}
    return tuple(sorted(found))


LIBRARY = _roots(("purelib", "platlib"))
STANDARD = _roots(("stdlib", "platstdlib"))
#: Parts of the standard library that open what they are told to: their caller is the one who opens.
CARRIERS = frozenset(
    "bz2 codecs configparser contextlib csv ctypes dbm fileinput fnmatch functools genericpath glob gzip "
    "inspect io json linecache lzma mmap multiprocessing os pathlib pickle pkgutil posixpath random "
    "shelve shutil sqlite3 subprocess tarfile tempfile threading tokenize tomllib traceback zipfile".split()
)
#: What is noticed only if the user's own code does it; libraries do it for reasons of their own.
OWN = {
    "gc.get_objects": "it searched the objects of the interpreter (gc)",
    "gc.get_referrers": "it searched the objects of the interpreter (gc)",
    "gc.get_referents": "it searched the objects of the interpreter (gc)",
    "sys._getframe": "it looked at the frames of its callers",
    "sys._current_frames": "it looked at the frames of its callers",
    "os.system": "it started a program",
    "os.exec": "it started a program",
    "os.posix_spawn": "it started a program",
    "os.fork": "it started a process",
    "ctypes.dlopen": "it loaded a compiled library, which may read anything",
    "os.getxattr": "it read the attributes of a file",
    "os.listxattr": "it read the attributes of a file",
}
NETWORK = ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.bind")
ASKED = ("stat", "lstat", "access", "readlink", "statvfs")

#: The functions of this file that stand between an event and whoever raised it.
SELF = ("_frame", "_hear", "_judge", "_mapped", "_asked", "announce")

_listeners: list[tuple[list[str], frozenset[str]]] = []
_hooked: list[bool] = []


@contextmanager
def heard(declared: Collection[str] = ()) -> Iterator[list[str]]:
    """Yield a list to which a sentence is added for everything that is noticed meanwhile.

    Files that a compiled library opens by itself raise no event and are not recorded.

    Parameters
    ----------
    declared : collection of str
        Files and folders that may be read: data that the settings name.
    """
    if not _hooked:  # a hook of the interpreter cannot be removed: one is enough
        sys.addaudithook(_hear)
        _hooked.append(True)
    doors: list[str] = []
    listener = (doors, frozenset(os.path.realpath(path) for path in declared))
    _listeners.append(listener)
    try:
        yield doors
    finally:
        _listeners.remove(listener)


def watch_questions() -> None:
    """Make questions about files (does it exist, how old is it) events too, in this process.

    The interpreter raises none for them. For a child process: the functions stay replaced.
    """
    for name in ASKED:
        asked = _announced(getattr(os, name))
        for module in (os, sys.modules["posix"]) if "posix" in sys.modules else (os,):
            setattr(module, name, asked)


def _announced(ask: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(ask)
    def announce(path: Any, *args: Any, **kwargs: Any) -> Any:
        if _listeners:
            _hear("asked", (path,))
        return ask(path, *args, **kwargs)

    return announce


def _frame() -> FrameType | None:
    """Return the frame of whoever raised an event. `sys._getframe` would raise another event."""
    try:
        raise LookupError
    except LookupError as error:
        here = error.__traceback__.tb_frame if error.__traceback__ else None
    while here is not None and (
        here.f_code.co_filename == _frame.__code__.co_filename and here.f_code.co_name in SELF
    ):
        here = here.f_back
    return here


def _who(frame: FrameType | None) -> str:
    """Return who acts: ``import``, ``library``, ``standard`` or ``user``."""
    while frame is not None:
        kind = _kind(frame.f_code.co_filename)
        if kind:
            return kind
        frame = frame.f_back
    return "library"


@cache
def _kind(name: str) -> str:
    """Return whose code a file holds; empty for a carrier, whose caller counts."""
    if name.startswith(("<frozen importlib", "<frozen zipimport")):
        return "import"
    if name.startswith("<frozen"):
        return ""
    path = os.path.abspath(name)
    if path.startswith((*LIBRARY, *ours())):
        return "library"
    if not path.startswith(STANDARD):
        return "user"
    rest = next(path[len(root) :] for root in STANDARD if path.startswith(root))
    part = rest.partition(os.sep)[0].removesuffix(".py")
    if part in CARRIERS:
        return ""
    return "import" if part == "importlib" else "standard"


def ours() -> tuple[str, ...]:
    """Return the folders of this product's packages, wherever they are installed."""
    return tuple(
        os.path.dirname(os.path.abspath(module.__file__)) + os.sep
        for name in ("backtests", "forecasters", "strategies")
        if (module := sys.modules.get(name)) is not None and module.__file__
    )


_judging: list[bool] = []


def _hear(event: str, arguments: tuple[object, ...]) -> None:
    if not _listeners or _judging:
        return
    _judging.append(True)
    try:
        for doors, declared in _listeners:
            what = _judge(event, arguments, declared)
            if what is not None and what not in doors:
                doors.append(what)
    finally:
        _judging.clear()


def _judge(event: str, arguments: tuple[Any, ...], declared: frozenset[str]) -> str | None:
    """Return what is wrong with an event; None: nothing."""
    if event in ("open", "sqlite3.connect") and isinstance(arguments[0], str | bytes | os.PathLike):
        path = os.fsdecode(arguments[0])
        if path.startswith((*LIBRARY, *STANDARD)) and path.endswith(CODE) and ".." not in path:
            return None  # what is opened most; the rest costs time
        flags = arguments[2] if len(arguments) > 2 and isinstance(arguments[2], int) else 0
        if flags & os.O_CREAT and flags & os.O_EXCL:
            return None  # a file that was not there holds nothing; to read it later is an event
        path = os.path.realpath(path)
        return None if _readable(path, _who(_frame()), declared) else f"it opened {path}"
    if event == "mmap.__new__" and isinstance(arguments[0], int) and arguments[0] >= 0:
        return _mapped(arguments[0], declared)
    if event in ("os.listdir", "os.scandir"):
        path = os.fsdecode(arguments[0]) if isinstance(arguments[0], str | bytes) else "."
        path = os.path.realpath(path)
        if _is_declared(path, declared) or _listable(path, _who(_frame())):
            return None
        return f"it listed the folder {path}"
    if event == "asked":
        return _asked(arguments[0], declared)
    if event in NETWORK:
        return (
            f"it asked for a connection to {arguments[1] if len(arguments) > 1 else arguments[0]}"
        )
    if event == "subprocess.Popen":
        return f"it started the program {arguments[0]}" if _who(_frame()) == "user" else None
    if event in OWN and _who(_frame()) == "user":
        return OWN[event]
    return None


def _mapped(number: int, declared: frozenset[str]) -> str | None:
    """Return what is wrong with a file that is mapped into memory; shared memory is one."""
    try:
        path = os.readlink(f"/proc/self/fd/{number}")
    except OSError:
        return None  # not Linux: what was opened to be mapped was an event of its own
    who = _who(_frame())
    if path.startswith("/memfd:") or (path.endswith(" (deleted)") and who != "user"):
        return None
    if path.startswith("/dev/shm/"):  # nosec B108 # compared, not written
        return f"it read shared memory ({path})"
    return None if _readable(path, who, declared) else f"it mapped {path} into memory"


def _is_declared(path: str, declared: frozenset[str]) -> bool:
    return any(path == name or path.startswith(name + os.sep) for name in declared)


def _readable(path: str, who: str, declared: frozenset[str]) -> bool:
    if _is_declared(path, declared):
        return True
    if path.endswith(CODE) and (who == "import" or _is_loaded(path)):
        return True
    if who == "import" and path in map(os.path.realpath, sys.path):  # a zip of modules
        return True
    if path.startswith((*LIBRARY, *STANDARD)):
        root = next(root for root in (*LIBRARY, *STANDARD) if path.startswith(root))
        loose = os.sep not in path[len(root) :] and root in LIBRARY
        return path.endswith(CODE) or not (loose or path.endswith(TABLES))
    if path.startswith(ours()):
        return path.endswith(CODE) or (path.endswith(KERNELS) and who == "library")
    if os.path.dirname(path).endswith(METADATA):
        return True
    return _of_the_system(path, who)


def _of_the_system(path: str, who: str) -> bool:
    if path.startswith(ZONES):
        return True
    if not path.startswith(SYSTEM) or who == "user" or path.endswith(TABLES):
        return False
    private = path.startswith("/proc/") and path.rpartition("/")[2] in PRIVATE
    return not private or who == "library"


def _is_loaded(path: str) -> bool:
    return any(getattr(m, "__file__", None) == path for m in list(sys.modules.values()))


def _listable(path: str, who: str) -> bool:
    if who == "import":
        return True
    if (path + os.sep).startswith((*LIBRARY, *STANDARD, *ours())):
        return True
    return who != "user" and path.startswith(SYSTEM)


def _asked(path: Any, declared: frozenset[str]) -> str | None:
    """Return what is wrong with a question about a file that the user's own code asks."""
    frame = _frame()
    if not isinstance(path, str | bytes | os.PathLike) or _who(frame) != "user":
        return None
    while frame is not None and frame.f_globals.get("__name__") in ("posixpath", "pathlib", "os"):
        if frame.f_code.co_name == "realpath":  # follows links, and returns nothing else
            return None
        frame = frame.f_back
    path = os.path.realpath(os.fsdecode(path))
    if path.startswith((*LIBRARY, *STANDARD)):
        return None
    if _is_declared(path, declared) and not path.endswith(CODE):
        return None
    return f"it asked whether {path} exists, or for its time or size"
