"""A universe's file, who is large when, and volumes that were not adjusted with the prices."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtests.universe.file import VolumeCorrection, corrected, read_universe
from backtests.universe.membership import ABSENT, membership
from backtests.universe.volume_steps import WINDOW, volume_steps
from forecasters.bars import Bars
from forecasters.errors import InputError

PRICES = ("open", "high", "low", "close")


def made(ticker: str, volume: object, *, start: str = "2015-01-05", close: object = 100.0) -> Bars:
    """Return bars of flat days at these closes and volumes, one a weekday."""
    volumes = np.asarray(volume, dtype=float)
    closes = np.broadcast_to(np.asarray(close, dtype=float), volumes.shape).copy()
    days = np.busday_offset(start, np.arange(volumes.size), roll="forward")
    return Bars(ticker, days, closes, closes * 1.01, closes * 0.99, closes, volumes)


def walk(
    ticker: str, rows: int = 400, seed: int = 0, volume: float = 1e6, noise: float = 0.25
) -> Bars:
    """Return bars of a random walk whose volume has calm and busy months, as volumes do."""
    rng = np.random.default_rng(seed)
    close = 50_000 * np.exp(np.cumsum(rng.normal(0, 0.02, rows)))
    busy = np.zeros(rows)
    for t in range(1, rows):
        busy[t] = 0.97 * busy[t - 1] + rng.normal(0, noise / 4)
    return made(ticker, volume * np.exp(busy + rng.normal(0, noise, rows)), close=close)


def split(bars: Bars, row: int, ratio: float) -> Bars:
    """Return the file as a vendor sells it after a split: old prices divided, old volumes as they were.

    From `row` on so many more shares change hands.
    """
    volume = bars.volume.copy()
    volume[row:] *= ratio
    return replace(bars, volume=volume)


# The file.


def test_the_file_has_a_ticker_a_line_and_what_its_volumes_lack(tmp_path: Path) -> None:
    path = tmp_path / "large caps.txt"
    path.write_text(
        "\ufeff# chosen in 2014\n\n051900.KS\n 005930.KS x50 before 2018-05-04  # 50 to 1\n"
        "011200.KS x1/7 before 2016-05-09 x2 before 2017-01-02\n",
        encoding="utf-8",
    )
    universe = read_universe(path)
    assert universe.name == "large caps"
    assert universe.tickers == ("051900.KS", "005930.KS", "011200.KS")
    assert universe.corrections == {
        "005930.KS": (VolumeCorrection("2018-05-04", 50.0),),
        "011200.KS": (VolumeCorrection("2016-05-09", 1 / 7), VolumeCorrection("2017-01-02", 2.0)),
    }


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("A.KS\n# x\nB.KS\nA.KS\n", ("A.KS is on line 1 and again on line 4", "remove one")),
        ("A.KS, B.KS\n", ("line 1", "write one ticker on each line")),
        ("A.KS x50 since 2018-05-04\n", ("line 1", "x50 before 2018-05-04")),
        ("\nA.KS x0 before 2018-05-04\n", ("line 2", "above 0")),
        ("A.KS xx before 2018-05-04\n", ("line 1", "write the ratio")),
        ("A.KS x50 before May\n", ("line 1", "write the ratio")),
        ("# nothing\n", ("names no ticker",)),
    ],
)
def test_what_is_wrong_in_the_file_is_said_with_its_line(
    tmp_path: Path, text: str, words: tuple[str, ...]
) -> None:
    (tmp_path / "u.txt").write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as error:
        read_universe(tmp_path / "u.txt")
    for word in words:
        assert word in str(error.value)
    with pytest.raises(InputError, match="no such file"):
        read_universe(tmp_path / "none.txt")


# Who is large when.


def test_the_largest_are_ranked_by_the_median_of_their_newest_sixty_sessions() -> None:
    rows = 200
    rising = np.full(rows, 10.0)
    rising[100:] = 30.0
    bars = {"A": made("A", np.full(rows, 20.0)), "B": made("B", rising)}
    found = membership(bars, 1, steps=()).members
    # 60 sessions are first complete in row 59; the 31st session at 30 moves B's median to 30
    # when 31 of 60 are of it, and at 30 of 60 the median is (10 + 30) / 2 = 20: a tie, and A wins.
    assert found["A"].tolist() == [False] * 59 + [True] * 71 + [False] * 70
    assert found["B"].tolist() == [False] * 130 + [True] * 70


def test_a_ticker_listed_later_is_ranked_after_sixty_sessions_of_its_own() -> None:
    bars = {
        "A": made("A", np.full(200, 20.0)),
        "B": made("B", np.full(120, 90.0), start="2015-04-27"),
    }
    found = membership(bars, 1).members
    assert str(bars["B"].sessions[0]) == str(bars["A"].sessions[80])
    assert found["B"].tolist() == [False] * 59 + [True] * 61
    assert found["A"][WINDOW - 1 : 80 + 59].all()
    assert not found["A"][80 + 59 :].any()


def test_a_ticker_whose_bars_end_makes_room() -> None:
    bars = {"A": made("A", np.full(200, 20.0)), "B": made("B", np.full(100, 90.0))}
    found = membership(bars, 1).members
    assert found["B"][WINDOW - 1 :].all()
    assert not found["A"][: 100 + ABSENT].any(), "one that misses a few days keeps its place"
    assert found["A"][100 + ABSENT :].all()


def test_without_a_number_all_are_members_always() -> None:
    bars = {"A": made("A", np.full(5, 1.0)), "B": made("B", np.full(90, 1.0))}
    assert all(flags.all() for flags in membership(bars, None).members.values())


@given(
    st.integers(WINDOW, 299), st.integers(0, 10**6), st.sampled_from(["change", "cut", "append"])
)
def test_membership_never_depends_on_a_later_bar(row: int, seed: int, what: str) -> None:
    names = ("A", "B", "C", "D")
    before = {t: walk(t, 300, seed + i) for i, t in enumerate(names)}
    after = {}
    rng = np.random.default_rng(seed)
    for ticker, bars in before.items():
        if what == "cut":
            after[ticker] = bars.rows(slice(0, row + 1))
        elif what == "append":
            after[ticker] = bars
        else:
            columns = {name: getattr(bars, name).copy() for name in (*PRICES, "volume")}
            scale = np.exp(rng.normal(0, 1))
            for name in PRICES:
                columns[name][row + 1 :] *= scale
            columns["volume"][row + 1 :] *= np.exp(rng.normal(0, 1, len(bars) - row - 1))
            after[ticker] = replace(bars, **columns)
    if what == "append":
        before = {ticker: bars.rows(slice(0, row + 1)) for ticker, bars in before.items()}
    was, now = membership(before, 2, ()), membership(after, 2, ())
    for ticker in names:
        known = slice(0, row + 1)
        assert (was.members[ticker][known] == now.members[ticker][known]).all()


# Volumes that were not adjusted.


@pytest.mark.parametrize("ratio", [50.0, 10.0, 1 / 10])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_step_is_found_on_its_day_and_kept_out_of_the_ranking(ratio: float, seed: int) -> None:
    bars = split(walk("A", seed=seed), 200, ratio)
    (step,) = volume_steps(bars)
    assert step.since == str(bars.sessions[200])
    assert 0.5 < step.ratio / ratio < 2
    assert step.sound == str(bars.sessions[200 + WINDOW - 1])
    found = membership({"A": bars}, 1).members["A"]
    assert found.tolist() == [False] * 259 + [True] * 141
    assert f"A xN before {step.since}" in step.sentence(ranked=True)
    assert volume_steps(corrected(bars, [VolumeCorrection(step.since, ratio)])) == ()


def test_the_step_is_that_of_the_first_day_even_if_a_halt_stands_before_it() -> None:
    bars = split(walk("A", seed=5), 200, 10.0)
    columns = {name: getattr(bars, name).copy() for name in (*PRICES, "volume")}
    for name in PRICES:
        columns[name][197:200] = columns["close"][196]
    columns["volume"][197:200] = 0.0
    (step,) = volume_steps(replace(bars, **columns))
    assert step.since == str(bars.sessions[200])


@pytest.mark.parametrize("seed", range(30))
def test_ordinary_trading_shows_no_step(seed: int) -> None:
    assert volume_steps(walk("A", rows=1200, seed=seed, noise=0.45)) == ()


def test_a_split_that_neither_is_adjusted_for_is_no_fault() -> None:
    bars = split(walk("A", seed=1), 200, 10.0)
    scale = np.where(np.arange(len(bars)) < 200, 10.0, 1.0)
    raw = replace(bars, **{name: getattr(bars, name) * scale for name in PRICES})
    assert volume_steps(raw) == ()
    both = split(walk("A", seed=1), 200, 0.1)  # a sale of nine tenths: the price stands
    assert len(volume_steps(both)) == 1


def test_too_few_sessions_on_a_side_show_nothing() -> None:
    bars = walk("A", seed=1)
    assert volume_steps(split(bars, WINDOW - 10, 50.0)) == ()
    assert volume_steps(split(bars, len(bars) - WINDOW + 10, 50.0)) == ()
    assert volume_steps(bars.rows(slice(0, 2 * WINDOW - 1))) == ()


def test_a_corrected_file_ranks_as_it_was_known_on_each_day() -> None:
    """Whatever split comes later: price / 50 x volume x 50 is the traded value of that day."""
    others = {t: walk(t, seed=i) for i, t in enumerate("BCD", 7)}
    real = walk("A", seed=4)
    row, ratio = 250, 50.0
    known = {"A": real.rows(slice(0, row)), **{t: b.rows(slice(0, row)) for t, b in others.items()}}
    scale = np.where(np.arange(len(real)) < row, ratio, 1.0)
    sold = replace(real, **{name: getattr(real, name) / scale for name in PRICES})
    sold = split(sold, row, ratio)  # as sold after the split
    repaired = corrected(sold, [VolumeCorrection(str(real.sessions[row]), ratio)])
    was = membership(known, 2).members
    now = membership({"A": repaired, **others}, 2).members
    assert was["A"].any()
    assert not was["A"][WINDOW:].all()
    for ticker in ("A", *others):
        assert (was[ticker] == now[ticker][:row]).all()
    uncorrected = membership({"A": sold, **others}, 2).members
    assert not uncorrected["A"][: row + WINDOW - 1].any()
