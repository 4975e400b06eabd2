"""The arithmetic behind the table of peers: a slip there would not be seen in the table."""

import math
from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks.peers import report
from benchmarks.peers.__main__ import append, plan
from benchmarks.peers.contestants import CONTESTANTS, OURS
from benchmarks.peers.jobs import CNN, LSTM, Job, read, write

TORCH = "torch, tuned, 2 processes"


def run(contestant, turn, seconds, *parts, workload="W1"):
    """A result; a part is seconds of training, warm seconds, FLOP and losses."""
    names = ("seconds", "warm", "flop", "losses")
    return {
        "round": turn,
        "workload": workload,
        "contestant": contestant,
        "seconds": seconds,
        "cpu": seconds,
        "memory": 100.0,
        "parts": [dict(zip(names, part, strict=True)) | {"versions": {}} for part in parts],
    }


def test_a_ratio_is_taken_within_a_round_and_a_round_that_one_missed_is_left_out():
    ours = [run(OURS, 0, 2.0), run(OURS, 1, 4.0)]
    other = [run(TORCH, 1, 12.0), run(TORCH, 0, 10.0), run(TORCH, 2, 99.0)]
    assert report.ratios(ours, other, report.whole) == [3.0, 5.0]


def test_two_processes_take_as_long_as_the_slower_and_do_the_work_of_both():
    both = run(TORCH, 0, 9.0, (5.0, None, 3 * 10**9, [0.1]), (8.0, 6.0, 10**9, [0.3]))
    assert report.training(both) == 8.0
    assert report.warm(both) == 6.0  # of the first, which compiles nothing, 5.0
    assert report.losses(both) == [0.1, 0.3]
    assert report.share([both], {1: 7.0, 2: 1.0}) == pytest.approx(0.5)  # 4 GFLOP in 8 s


def test_the_ceiling_is_that_of_the_better_library_on_all_its_cores():
    torch_better, numpy_better = ({"gflops": {"torch": t, "numpy": n}} for t, n in ((3, 2), (1, 4)))
    measured = [
        {"contestant": "sgemm, 1 core", "parts": [torch_better]},
        {"contestant": "sgemm, 2 cores", "parts": [torch_better, numpy_better]},
    ]
    assert report.ceilings(measured) == {1: 3, 2: 7}


def test_what_is_extrapolated_has_the_training_many_times_and_the_imports_once():
    assert report.extrapolated(run(TORCH, 0, 7.0, (5.0, None, 1, [0.1])), 30) == 2.0 + 150.0


def test_flop_are_those_of_the_sources_networks():
    window, steps = LSTM(hidden=50, layers=3).flop(5, 5), 5
    products = [(5, steps, 2)] + [(50, steps, 3)] * 2 + [(50, steps - 1, 3)] * 3
    assert window == sum(2 * 200 * inputs * times * ways for inputs, times, ways in products)
    grid = sum(CNN(filters).flop(20, 15) for filters in (64, 128, 256)) * 18 * 860 * 50
    assert grid == pytest.approx(20.3e12, rel=1e-3)


def test_each_process_gets_an_equal_share_and_no_fit_is_lost(tmp_path):
    jobs = [Job(CNN(filters), fold=0, epochs=2) for filters in (256, 128, 128, 128, 128)]
    write(tmp_path, jobs, np.zeros((1, 9, 20, 15)), np.zeros((1, 9)))
    shares = [read(tmp_path, share, 2) for share in range(2)]
    assert sorted(len(share) for share in shares) == [1, 4]
    assert sorted(one.job.network.filters for share in shares for one in share) == [128] * 4 + [256]
    flop = [sum(one.flop for one in share) for share in shares]
    assert math.isclose(*flop, rel_tol=0.1)


def test_who_begins_moves_on_each_round_and_nobody_is_left_out():
    names = [OURS, "Keras on JAX", TORCH]
    flags = SimpleNamespace(rounds=3, workloads=["W1"], ours=["W3"], only=names, curves=False)
    rounds = [[name for turn, _, name in plan(flags) if turn == number] for number in range(3)]
    assert [order[2] for order in rounds] == names
    assert all(sorted(order[2:-1]) == sorted(names) for order in rounds)


def test_a_line_that_was_cut_off_costs_neither_what_stands_before_nor_after(tmp_path):
    file = tmp_path / "results.jsonl"
    append(file, run(OURS, 0, 2.0))
    with file.open("a") as lines:
        lines.write('\n{"round": 1, "sec')
    append(file, run(TORCH, 0, 4.0))
    assert [line["contestant"] for line in report.read(file)] == [OURS, TORCH]


def test_a_table_has_each_contestant_that_ran():
    part = (1.0, None, 10**9, [0.1])
    lines = [run(name, 0, 2.0, part) for name in CONTESTANTS]
    ceilings = [
        {"contestant": name, "parts": [{"gflops": {"torch": 1.0}, "versions": {}}]}
        for name in ("sgemm, 1 core", "sgemm, 2 cores")
    ]
    text = report.tables([*lines, *ceilings])
    assert all(f"| {name} | 2.0 | 1.0 | 1.0 |" in text for name in CONTESTANTS)
