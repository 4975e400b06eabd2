"""A file, or a folder, is written whole or not at all."""

import stat
from pathlib import Path

import pytest

from backtests.writing.atomic import restore_folder, swap_folder, write_atomically, write_text


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


def two_folders(place):
    for name, text in (("run", "old"), ("fresh", "new")):
        write_text(place / name / "page.html", text)
    return place / "fresh", place / "run"


def test_a_folder_takes_the_place_of_another(tmp_path):
    fresh, folder = two_folders(tmp_path)
    swap_folder(fresh, folder)
    assert (folder / "page.html").read_text() == "new"
    assert list(tmp_path.iterdir()) == [folder]


def test_an_interruption_between_the_two_renames_leaves_the_old_folder(tmp_path, monkeypatch):
    fresh, folder = two_folders(tmp_path)
    rename = Path.rename

    def interrupted(path, target):
        if path == fresh:
            raise KeyboardInterrupt
        return rename(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", interrupted)
        with pytest.raises(KeyboardInterrupt):
            swap_folder(fresh, folder)
    assert (folder / "page.html").read_text() == "old"


def test_a_folder_that_a_power_cut_left_beside_its_place_is_put_back(tmp_path, monkeypatch):
    fresh, folder = two_folders(tmp_path)
    rename = Path.rename

    def cut(path, target):
        if path != folder:
            raise SystemExit  # neither does the old folder go back
        return rename(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", cut)
        with pytest.raises(SystemExit):
            swap_folder(fresh, folder)
    assert not folder.exists()
    restore_folder(folder)
    assert (folder / "page.html").read_text() == "old"
    restore_folder(folder)  # nothing is left to put back
    assert (folder / "page.html").read_text() == "old"
