"""BLAS runs on one thread within, and as before after it."""

import numpy as np
from threadpoolctl import threadpool_info, threadpool_limits

from forecasters.threads.limit import one_thread


def threads():
    np.ones((2, 2)) @ np.ones((2, 2))
    return {library["num_threads"] for library in threadpool_info()}


def test_one_thread_within_and_as_before_after_it():
    with threadpool_limits(limits=2):
        before = threads()
        assert before == {2}, "else this test shows nothing"
        with one_thread():
            assert threads() == {1}
        assert threads() == before
