"""Units of work on several threads: their order, their errors, and Ctrl-C."""

import threading
import time

import numpy as np
import pytest

from fastneuron._kernel.threads import spread


@pytest.mark.parametrize("threads", [1, 2, 5])
@pytest.mark.parametrize("lag", [None, 1, 3])
def test_none_begins_before_those_that_far_ahead_have_ended(threads, lag):
    begun, ended = [], set()
    pauses = np.random.default_rng(0).uniform(0, 2e-3, 60)

    def work(unit):
        begun.append(unit)
        if lag is not None:
            assert set(range(unit - lag + 1)) <= ended
        time.sleep(pauses[unit])
        yield
        ended.add(unit)
        return 2 * unit

    assert spread(work, range(60), threads, lag) == list(range(0, 120, 2))
    assert sorted(begun) == list(range(60))


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("lag", [None, 2])
def test_the_first_error_in_order_is_raised_and_nothing_waits_for_it(threads, lag):
    def work(unit):
        yield
        if unit == 4:
            time.sleep(0.05)
        if unit >= 4:
            raise ValueError(unit)

    with pytest.raises(ValueError, match=r"^4$"):
        spread(work, range(1000), threads, lag)
    assert all("fastneuron" not in thread.name for thread in threading.enumerate())


@pytest.mark.parametrize("lag", [None, 1])
def test_an_interrupt_ends_the_others_at_their_next_stop(lag):
    steps = []

    def work(unit):
        for step in range(1000):
            steps.append(unit)
            time.sleep(1e-3)
            if unit == 1 and step == 5:
                raise KeyboardInterrupt
            yield
            if lag and not unit:
                return

    with pytest.raises(KeyboardInterrupt):
        spread(work, range(100), 3, lag)
    assert len(steps) < 100
