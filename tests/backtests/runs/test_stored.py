"""A run read back from its folder is the run, to the bit; anything else is refused in one line."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from backtests.runs.manifest import digest_of, results_of, write_manifest
from backtests.runs.stored import STORED, load_run, stored_of, write_stored
from backtests.studies.study import Study
from forecasters.errors import InputError
from tests.backtests.runs.made_run import Made
from tests.backtests.same import differences


def test_every_field_of_everything_comes_back(made: Made) -> None:
    folder, prepared, outcome = made
    again = load_run(folder)
    kept, read = stored_of(outcome, prepared.benchmark), stored_of(again.outcome, again.benchmark)
    assert kept.studies[0].judgement is not None and kept.overalls and kept.deflations
    assert differences(kept, read) == []
    assert [p.above for p in kept.studies[0].sensitivity] == [
        p.above for p in read.studies[0].sensitivity
    ]


def test_what_the_manifest_says_can_be_said_again(made: Made) -> None:
    folder, _, _ = made
    again = load_run(folder)
    said = json.loads(json.dumps(results_of(again.outcome.summaries)))
    assert said["results"] and said["judgement"]
    assert said == {name: again.outcome.manifest[name] for name in said}


def test_what_is_kept_is_small(made: Made) -> None:
    folder, _, _ = made
    assert (folder / STORED).stat().st_size < 200_000


@pytest.fixture
def copy(made: Made, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made[0], tmp_path / "copy"))


def change(folder: Path, **values: Any) -> None:
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8")) | values
    write_manifest(path, manifest, manifest["files"])  # by somebody who knows how it is written


def test_a_folder_that_is_no_run_is_named(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "missing"):
        with pytest.raises(InputError, match="is not the folder of a finished run"):
            load_run(folder)


def test_a_grid_is_named(copy: Path) -> None:
    change(copy, kind="grid")
    with pytest.raises(InputError, match="is a grid"):
        load_run(copy)


def test_a_folder_of_a_version_that_kept_less_says_what_to_do(copy: Path) -> None:
    (copy / STORED).unlink()
    with pytest.raises(InputError, match=r"has no study\.zip.*another --out.*same digest"):
        load_run(copy)


def test_an_edited_manifest_is_refused_so_that_new_pages_cannot_make_it_good(copy: Path) -> None:
    path = copy / "manifest.json"
    path.write_text(path.read_text().replace('"seeds": 1', '"seeds": 2'))
    with pytest.raises(
        InputError, match=r"manifest\.json was changed after the run.*another --out"
    ):
        load_run(copy)


def test_a_damaged_file_says_what_to_do(copy: Path) -> None:
    whole = (copy / STORED).read_bytes()
    (copy / STORED).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match=r"study\.zip cannot be read.*another --out"):
        load_run(copy)


def test_a_file_that_was_changed_or_is_of_another_run_is_refused(copy: Path, made: Made) -> None:
    _, _, outcome = made
    told = hashlib.sha256((copy / STORED).read_bytes()).hexdigest()
    change(copy, files={STORED: {"size": 1, "sha256": told}})
    load_run(copy)
    write_stored(copy, stored_of(outcome, None))  # sound, and not the file that the run wrote
    with pytest.raises(InputError, match="is not what the run wrote"):
        load_run(copy)
    change(copy, files={}, digest="0" * 64)
    with pytest.raises(InputError, match="is not what the run wrote"):
        load_run(copy)


@pytest.mark.parametrize(
    ("change_study", "said"),
    [
        (lambda study: replace(study, account="../elsewhere"), "no folder can be named"),
        (lambda study: replace(study, account="figures"), "no folder can be named"),
        (lambda study: replace(study, results=()), "no results"),
        (lambda study: replace(study, forecasts={}), "no forecasts"),
        (lambda study: replace(study, bars={"B.KS": study.bars["A.KS"]}), "different tickers"),
        (
            lambda study: replace(study, forecasts={"A.KS": study.forecasts["A.KS"][:1]}),
            "a result on linear, which made no forecast",
        ),
    ],
)
def test_a_made_up_study_is_refused_in_one_line(
    copy: Path, made: Made, change_study: Callable[[Study], Study], said: str
) -> None:
    """Also one whose maker put the right digest into the manifest."""
    stored = stored_of(made[2], None)
    forged = replace(stored, studies=(change_study(stored.studies[0]),))
    write_stored(copy, forged)
    change(copy, digest=digest_of(forged.studies), files={})
    with pytest.raises(InputError, match=said) as error:
        load_run(copy)
    assert "\n" not in str(error.value) and "study.zip" in str(error.value)
