"""A fit that was asked to end raises at its next step, and only within its own `Stop`."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from forecasters.threads.stop import Stop, Stopped, current


def test_what_runs_within_finds_its_stop_and_nobody_else_does():
    stop = Stop()
    assert stop.run(current) is stop
    assert current() is not stop
    with ThreadPoolExecutor(1) as pool:
        assert stop.run(lambda: pool.submit(current).result()) is not stop


def test_it_ends_at_the_next_check():
    stop, steps = Stop(), []

    def work():
        for step in range(5):
            current().check()
            steps.append(step)
            if step == 2:
                stop.set()

    with pytest.raises(Stopped):
        stop.run(work)
    assert steps == [0, 1, 2]
    current().check()  # out here nothing was asked for


def test_once_set_nothing_begins():
    stop, begun = Stop(), []
    stop.set()
    with pytest.raises(Stopped):
        stop.run(lambda: begun.append(1))
    assert begun == []


def test_stops_may_stand_within_each_other():
    outer, inner = Stop(), Stop()
    assert outer.run(lambda: (inner.run(current), current())) == (inner, outer)
