"""A file is written whole or not at all."""

import stat

import pytest

from backtests.writing.atomic import write_atomically, write_text


def test_a_writer_that_fails_leaves_the_old_file_and_nothing_beside_it(tmp_path):
    path = write_text(tmp_path / "kept.txt", "old")

    def write(file):
        file.write(b"half of the ne")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_atomically(path, write)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_reader_meanwhile_sees_the_old_file(tmp_path):
    path = write_text(tmp_path / "kept.txt", "old")
    seen = []
    write_atomically(path, lambda file: (file.write(b"new"), seen.append(path.read_text())))
    assert (seen, path.read_text()) == (["old"], "new")


def test_the_folder_is_made_and_others_may_read(tmp_path):
    path = write_text(tmp_path / "deep" / "er" / "name.txt", "엘지")
    assert path.read_bytes().decode() == "엘지"
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
