"""What is opened while somebody listens is heard; what Python opens for itself is not."""

import socket

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
    assert opened == [str(path.resolve())]


def test_a_connection_is_heard():
    with socket.create_server(("127.0.0.1", 0)) as server, heard() as opened:
        socket.create_connection(server.getsockname()).close()
    assert len(opened) == 1 and opened[0].startswith("a connection to ('127.0.0.1'")


@pytest.mark.parametrize("name", ["module.py", "library.so"])
def test_code_is_no_door(tmp_path, name):
    (tmp_path / name).write_text("")
    with heard() as opened:
        (tmp_path / name).read_text()
    assert opened == []


def test_nothing_is_heard_before_and_after(tmp_path):
    path = tmp_path / "prices.csv"
    path.write_text("1")
    with heard() as opened:
        pass
    path.read_text()
    assert opened == []
