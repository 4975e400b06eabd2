"""Other futures: the same bytes up to the day, other bytes after it."""

from backtests.auditing.probes.futures import APPENDED, FUTURES, NEIGHBOURS, known_at, other_futures
from forecasters.bars import COLUMNS


def test_other_futures_agree_up_to_the_day_and_differ_after_it(bars):
    day = bars["051900.KS"].sessions[70]
    kinds = dict(other_futures(bars, day))
    assert set(kinds) == {*FUTURES, NEIGHBOURS} and len(kinds) == 6
    for what, other in kinds.items():
        differ = False
        for ticker, changed in other.items():
            before = bars[ticker]
            n = int((before.sessions <= day).sum())
            for name in (*COLUMNS, "tradable"):
                a, b = getattr(before, name), getattr(changed, name)
                assert a[:n].tobytes() == b[:n].tobytes(), what
                differ |= a[n:].tobytes() != b[n:].tobytes()
        assert differ, what
    halted = kinds["a halt for ever"]["051900.KS"]
    assert not halted.tradable[71:].any() and (halted.close[71:] == halted.close[70]).all()
    assert set(kinds[NEIGHBOURS]) == set(bars)
    assert kinds[NEIGHBOURS]["051900.KS"].close.tobytes() == bars["051900.KS"].close.tobytes()


def test_a_short_reach_ends_soon_after_the_day_but_cuts_and_appends_as_before(bars):
    day = bars["051900.KS"].sessions[70]
    kinds = dict(other_futures(bars, day, reach=6))
    lengths = {what: len(other["051900.KS"]) for what, other in kinds.items()}
    assert lengths == {
        "the future ends here": 71,
        "the future ends a session later": 72,
        "other prices": 77,
        "a halt for ever": 77,
        "appended sessions": 110 + APPENDED,
        NEIGHBOURS: 77,
    }
    assert "appended sessions" not in dict(other_futures(bars, day, reach=6, grow=False))


def test_a_ticker_that_is_not_listed_yet_is_left_out(bars):
    late = {**bars, "005930.KS": bars["005930.KS"].rows(slice(90, None))}
    day = bars["051900.KS"].sessions[70]
    assert known_at(late["005930.KS"], day) == 0
    kinds = dict(other_futures(late, day))
    assert all(set(other) == {"051900.KS"} for other in kinds.values())
    assert NEIGHBOURS not in kinds
