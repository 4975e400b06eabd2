"""What is opened while somebody listens is heard; what Python opens for itself is not."""

import gc
import importlib.metadata
import inspect
import os
import platform
import socket
import sys
import zoneinfo
from multiprocessing import shared_memory

import numpy as np
import pytest

from backtests.auditing.probes.doors import heard


def test_a_file_is_heard_once_by_its_real_path(tmp_path):
    path = tmp_path / "prices.csv"
    path.write_text("1")
    link = tmp_path / "link.csv"
    link.symlink_to(path)
    with heard() as opened:
        path.read_text()
        link.read_text()
    assert opened == [f"it opened {path.resolve()}"]


def test_a_connection_is_heard():
    with socket.create_server(("127.0.0.1", 0)) as server, heard() as opened:
        socket.create_connection(server.getsockname()).close()
    assert "it asked for a connection to ('127.0.0.1'" in opened[-1]


@pytest.mark.parametrize("name", ["module.py", "known.h", "library.so"])
def test_a_file_that_is_called_code_is_a_file(tmp_path, name):
    (tmp_path / name).write_text("")
    with heard() as opened:
        (tmp_path / name).read_text()
    assert opened == [f"it opened {(tmp_path / name).resolve()}"]


def test_declared_data_may_be_read(tmp_path):
    path = tmp_path / "prices.csv"
    path.write_text("1")
    with heard([str(path)]) as opened:
        path.read_text()
    assert opened == []


def test_an_import_and_what_libraries_read_is_no_door(tmp_path, monkeypatch):
    (tmp_path / "beside_it.py").write_text("VALUE = 3")
    monkeypatch.syspath_prepend(tmp_path)
    with heard() as opened:
        assert importlib.import_module("beside_it").VALUE == 3
        zoneinfo.ZoneInfo.no_cache("Asia/Seoul")
        inspect.getsource(np.median)
        platform.uname()
        importlib.metadata.version("numpy")
    assert opened == []


def test_the_data_set_of_a_library_is_a_door():
    """Bars of an index lie in a package that is installed."""
    from arch.data import vix

    with heard() as opened:
        vix.load()
    assert len(opened) == 1 and "vix" in opened[0]


@pytest.mark.parametrize(
    "look", [os.listdir, lambda path: list(os.scandir(path)), lambda p: list(p.glob("*"))]
)
def test_a_listing_is_heard(tmp_path, look):
    (tmp_path / "2016-01-04_up").touch()
    with heard() as opened:
        look(tmp_path)
    assert opened == [f"it listed the folder {tmp_path.resolve()}"]


@pytest.mark.skipif(not os.path.isdir("/dev/shm"), reason="no /dev/shm on this machine")
def test_shared_memory_is_heard():
    memory = shared_memory.SharedMemory(create=True, size=8)
    try:
        with heard() as opened:
            shared_memory.SharedMemory(memory.name).close()
    finally:
        memory.close()
        memory.unlink()
    assert [line[:21] for line in opened] == ["it read shared memory"]


def test_a_search_for_objects_is_heard():
    with heard() as opened:
        gc.get_objects()
        sys._getframe()
    assert opened == [
        "it searched the objects of the interpreter (gc)",
        "it looked at the frames of its callers",
    ]


def test_nothing_is_heard_before_and_after(tmp_path):
    path = tmp_path / "prices.csv"
    path.write_text("1")
    with heard() as opened:
        pass
    path.read_text()
    assert opened == []


def test_a_new_file_holds_nothing_and_reading_it_later_is_heard(tmp_path):
    with heard() as opened, open(tmp_path / "new", "x") as file:
        file.write("1")
    assert opened == []
    with heard() as opened:
        (tmp_path / "new").read_text()
    assert len(opened) == 1
