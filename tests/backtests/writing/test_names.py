"""Folders of tickers: none collides with a file of the run or another, none leaves its place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtests.writing.names import MOST_BYTES, file_stem, folder_names

PLAIN = ["005930.KS", "^GSPC", "EURUSD=X", "BRK-B", "M&M.NS", "삼성전자", "-X", "=cmd", "A B"]
HOSTILE = [
    *("manifest.json", "index.html", "INDEX.HTML", "fills.csv", "equity.parquet", "results.md"),
    *("tearsheets", "Figures", "fits", ".", "..", ".hidden", "CON", "con.KS", "NUL", "COM1", "A."),
    *("a/b", "a\\b", "a:b", "a*", "a?", "a#b", "a%41", "a\x1b", "a\u202eb", "A ", "A" * 300),
    *("\uac00" * 100, "", " "),
]


@pytest.mark.parametrize("name", PLAIN)
def test_a_plain_ticker_is_its_own_folder(name: str) -> None:
    assert folder_names([name]) == {name: name}
    assert file_stem(name) == name


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_ticker_gets_a_folder_that_every_system_takes(name: str) -> None:
    folder = folder_names([name])[name]
    assert folder != name and len(folder.encode()) <= MOST_BYTES
    assert folder.isascii() and not set(folder) & set('<>:"/\\|?*#%. ')


def test_two_tickers_that_differ_in_capitals_have_different_folders() -> None:
    folders = folder_names(["abc", "ABC", "x"])
    assert len({folder.casefold() for folder in folders.values()}) == 3
    assert folders["x"] == "x"


@given(
    st.lists(
        st.one_of(st.text("aAbB.:/ \u202eéÉßſ", max_size=9), st.sampled_from(HOSTILE + PLAIN)),
        unique=True,
    )
)
def test_different_names_have_different_folders(names: list[str]) -> None:
    folders = folder_names(names)
    assert len({folder.casefold() for folder in folders.values()}) == len(names)


def test_a_file_may_be_called_as_a_file_of_a_run() -> None:
    assert file_stem("manifest.json") == "manifest.json"
    assert file_stem("CON") != "CON"
