"""Dataclasses written as one file come back to the bit, and nothing else is read."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import InitVar, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backtests.writing import typed
from backtests.writing.typed import read_typed, write_typed
from forecasters.bars import Days, Flags, Floats
from forecasters.errors import InputError
from tests.backtests.same import differences


@dataclass(frozen=True)
class Leaf:
    """A value with a check of its own, and one that it takes without a field."""

    size: float
    name: str = "leaf"
    kept: InitVar[int] = 0

    def __post_init__(self, kept: int) -> None:
        object.__setattr__(self, "kept", kept)
        if self.size < 0:
            raise ValueError("a size below 0")


@dataclass(frozen=True, eq=False)
class Tree:
    """Every kind of annotation that our dataclasses have."""

    curve: Floats
    days: Days
    flags: Flags
    leaves: tuple[Leaf, ...]
    pair: tuple[str, int]
    by_name: Mapping[str, tuple[Leaf, ...]]
    maybe: Leaf | None
    number: float | None
    on: bool
    day: np.datetime64
    settings: Mapping[str, Any]
    made: Floats = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "made", self.curve * 2)


DAYS = np.array(["2019-01-02", "NaT", "2019-01-04"], dtype="datetime64[D]")
TREE = Tree(
    curve=np.array([[0.1, np.nan, -0.0], [np.inf, 5e-324, 1 / 3]]),
    days=DAYS,
    flags=np.array([True, False, True]),
    leaves=(Leaf(3), Leaf(3.0, "엘지", 7), Leaf(0.1 + 0.2)),
    pair=("a", 2),
    by_name={"z": (Leaf(1),), "a": ()},
    maybe=None,
    number=np.nan,
    on=True,
    day=DAYS[0],
    settings={"filters": (64, 32), "rate": 0.1, "nested": {"on": True, "none": None}},
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write_typed(tmp_path / "tree.zip", TREE)


def test_every_kind_of_value_comes_back_to_the_bit(path: Path) -> None:
    again = read_typed(path, Tree)
    assert differences(TREE, again) == []
    assert type(again.leaves[0].size) is int and type(again.leaves[1].size) is float
    assert again.leaves[1].kept == 7
    assert list(again.by_name) == ["z", "a"], "in the order of the mapping"
    assert np.isnat(again.days[1]) and np.signbit(again.curve[0, 2])


def test_arrays_that_are_read_cannot_be_written_to(path: Path) -> None:
    assert not read_typed(path, Tree).curve.flags.writeable


@settings(max_examples=25, deadline=None)
@given(
    numbers=st.lists(st.floats(width=64), max_size=5),
    text=st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
    size=st.floats(min_value=0) | st.integers(0, 2**53),
)
def test_any_numbers_and_texts_come_back(
    tmp_path_factory: pytest.TempPathFactory, numbers: list[float], text: str, size: float
) -> None:
    tree = replace(TREE, curve=np.array(numbers, float), leaves=(Leaf(size, text),))
    path = write_typed(tmp_path_factory.getbasetemp() / "drawn.zip", tree)
    assert differences(tree, read_typed(path, Tree)) == []


def test_the_same_value_gives_the_same_bytes_and_equal_arrays_are_kept_once(
    path: Path, tmp_path: Path
) -> None:
    again = write_typed(tmp_path / "again.zip", replace(TREE))
    assert again.read_bytes() == path.read_bytes()

    @dataclass(frozen=True, eq=False)
    class Both:
        first: Floats
        second: Floats

    noise = np.random.default_rng(0).normal(size=2000)
    once = write_typed(tmp_path / "once.zip", Both(noise, noise[:1])).stat().st_size
    twice = write_typed(tmp_path / "twice.zip", Both(noise, noise.copy())).stat().st_size
    assert twice < 1.05 * once


def spoilt(path: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    """Write the file again with its JSON changed."""
    with zipfile.ZipFile(path) as archive:
        said, arrays = json.loads(archive.read("values.json")), archive.read("arrays")
    change(said)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("values.json", json.dumps(said))
        archive.writestr("arrays", arrays)
    return path


def at(field_of_tree: str) -> int:
    return list(Tree.__dataclass_fields__).index(field_of_tree)


def put(name: str, value: object) -> Callable[[dict[str, Any]], object]:
    return lambda said: said["value"].__setitem__(at(name), value)


def deep(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = {"list": [value]}
    return value


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda s: s.update(form=99), "form 1"),
        (lambda s: s.update(value=3), "3 where a list of 11 belongs"),
        (lambda s: s["classes"].pop("Leaf"), "None where a list belongs"),
        (lambda s: s["classes"]["Leaf"].__setitem__(0, "weight"), "Leaf has no 'weight'"),
        (lambda s: s["arrays"][0].__setitem__(1, [10**9]), "shape"),
        (lambda s: s["arrays"][0].__setitem__(1, [40]), "beyond the end"),
        (lambda s: s["arrays"][0].__setitem__(0, "|O"), "an array of '|O'"),
        (lambda s: s["arrays"][2].__setitem__(2, 0), "neither true nor false"),
        (put("curve", 1), "an array of datetime64"),
        (put("curve", -1), "no array -1"),
        (put("curve", 77), "no array 77"),
        (put("pair", ["a"]), "where a list of 2 belongs"),
        (put("pair", ["a", True]), "True where a whole number belongs"),
        (put("pair", ["\ud800", 1]), "surrogates"),
        (put("by_name", [["a", []], ["a", []]]), "the same key twice"),
        (put("maybe", [-1.0, "x", 0]), "a size below 0"),
        (put("number", "many"), "'many' where a number belongs"),
        (put("number", 10**30), "31 digits"),
        (put("number", float("nan")), "NaN is no number of JSON"),
        (put("on", 1), "1 where true or false belongs"),
        (put("day", "yesterday"), "yesterday"),
        (put("settings", [["a", deep(20)]]), "where a setting belongs"),
        (put("settings", [["a", {"class": "os.system"}]]), "where a setting belongs"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_line(
    path: Path, change: Callable[[dict[str, Any]], object], said: str
) -> None:
    with pytest.raises(InputError, match=said) as error:
        read_typed(spoilt(path, change), Tree)
    assert str(path) in str(error.value) and "\n" not in str(error.value)


def test_nested_without_end_is_refused(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("values.json", "[" * 100_000)
        archive.writestr("arrays", b"")
    with pytest.raises(InputError, match="nested too deeply"):
        read_typed(path, Tree)


def test_bytes_that_are_cut_changed_or_no_zip_are_refused(path: Path) -> None:
    whole = path.read_bytes()
    changed = bytearray(whole)
    changed[len(whole) // 3] ^= 0xFF
    for wrong in (b"", b"PK", whole[: len(whole) // 2], bytes(changed), b"\x80\x04." * 100):
        path.write_bytes(wrong)
        with pytest.raises(InputError, match=r"tree\.zip cannot be read"):
            read_typed(path, Tree)


def test_a_member_that_is_too_large_is_not_read(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(typed, "MOST_VALUES", 100)
    with pytest.raises(InputError, match=r"values\.json has more than"):
        read_typed(path, Tree)
    with pytest.raises(InputError, match=r"values\.json would have .* give fewer tickers"):
        write_typed(path, Leaf(2.0, "x" * 200))


def test_a_field_that_an_earlier_version_did_not_have_takes_its_default(tmp_path: Path) -> None:
    path = write_typed(tmp_path / "leaf.zip", Leaf(2.0, "old", 5))

    def older(said: dict[str, Any]) -> None:
        said["classes"]["Leaf"] = ["size"]
        said["value"] = [2.0]

    assert read_typed(spoilt(path, older), Leaf) == Leaf(2.0)
    with pytest.raises(InputError, match="Leaf lacks size"):
        read_typed(spoilt(path, lambda s: (s["classes"].update(Leaf=[]), s.update(value=[]))), Leaf)


def test_what_has_no_annotation_of_ours_cannot_be_written(tmp_path: Path) -> None:
    @dataclass(frozen=True)
    class Odd:
        thing: object

    with pytest.raises(TypeError, match="no value annotated"):
        write_typed(tmp_path / "odd.zip", Odd(1))
    with pytest.raises(TypeError, match="a Tree where a Leaf belongs"):
        write_typed(tmp_path / "odd.zip", replace(TREE, maybe=TREE))  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []
