"""A run in its place is believed only if its files are as the run left them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from backtests.runs.folder import Place
from backtests.runs.manifest import read_manifest, sha256_of, write_manifest
from forecasters.errors import InputError


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Return the place of a run that is finished."""
    made = Place(str(tmp_path), "A.KS", "ab" * 32)
    assert made.found() is None

    def write(folder: Path) -> None:
        (folder / "tearsheets").mkdir()
        (folder / "tearsheets" / "naive.html").write_text("sheet")
        (folder / "index.html").write_text("page")

    finished = made.put({"key": made.key, "digest": "d"}, write)
    assert finished.manifest == read_manifest(made.folder / "manifest.json")
    return made


def test_the_manifest_lists_every_file_with_size_and_sha256(place: Place) -> None:
    manifest = json.loads((place.folder / "manifest.json").read_text())
    assert list(manifest["files"]) == ["index.html", "tearsheets/naive.html"]
    sha256 = "3660315a9af3df255d8f19ab077e4797822b41488a0e2a04bc6af71213c23274"  # of "page", by sha256sum
    assert manifest["files"]["index.html"] == {"size": 4, "sha256": sha256}
    found = place.found()
    assert found is not None and found.found and found.manifest == manifest


def edit(folder: Path) -> None:
    """Change a result in the manifest and nothing else."""
    path = folder / "manifest.json"
    path.write_text(path.read_text().replace('"digest": "d"', '"digest": "e"'))


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda folder: (folder / "index.html").write_text("pagf"), "index.html was changed"),
        (lambda folder: (folder / "index.html").write_text("longer"), "index.html was changed"),
        (
            lambda folder: (folder / "tearsheets/naive.html").unlink(),
            "tearsheets/naive.html is missing",
        ),
        (edit, "manifest.json was changed"),
    ],
)
def test_a_changed_file_is_named_and_the_run_is_neither_believed_nor_overwritten(
    place: Place, damage: Callable[[Path], None], said: str
) -> None:
    damage(place.folder)
    place.part.mkdir()
    before = {path: path.read_bytes() for path in place.folder.rglob("*") if path.is_file()}
    with pytest.raises(InputError, match=f"is not as its run left it: {said}. Delete it or move"):
        place.found()
    with pytest.raises(InputError, match="is not as its run left it"):
        place.put({"key": place.key}, lambda folder: None)
    assert {p: p.read_bytes() for p in place.folder.rglob("*") if p.is_file()} == before


def test_a_pipe_in_the_place_of_a_page_is_not_waited_for(place: Place) -> None:
    (place.folder / "index.html").unlink()
    os.mkfifo(place.folder / "index.html")
    with pytest.raises(InputError, match=r"index\.html was changed"):
        place.found()


def test_a_file_that_the_user_added_is_none_of_the_run(place: Place) -> None:
    (place.folder / "notes.txt").write_text("mine")
    assert place.found() is not None


def test_a_manifest_that_names_files_elsewhere_reads_none_of_them(
    place: Place, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("x")
    manifest = json.loads((place.folder / "manifest.json").read_text())
    manifest["files"]["../secret"] = manifest["files"]["index.html"]
    manifest["sha256"] = sha256_of(manifest)
    (place.folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(InputError, match=r"\.\./secret is no file of the folder"):
        place.found()


def test_files_and_sha256_are_of_the_last_writing(place: Place) -> None:
    """Who draws the pages again writes the manifest again, and the run is believed."""
    (place.folder / "index.html").write_text("another page")
    manifest = read_manifest(place.folder / "manifest.json")
    assert manifest is not None
    write_manifest(place.folder / "manifest.json", manifest)
    assert place.found() is not None


def test_a_folder_without_a_manifest_or_a_link_to_nothing_is_in_the_way(tmp_path: Path) -> None:
    place = Place(str(tmp_path), "A.KS", "ab" * 32)
    place.folder.symlink_to("nowhere")
    with pytest.raises(InputError, match="is in the way: it is not a finished run"):
        place.found()
