"""Threads that meet inside a kernel: who waits in vain for the others goes on alone, and tries them again."""

import os
import time

import numpy as np
import pytest

import fastneuron as fn
from fastneuron._kernel import team as team_module
from fastneuron._kernel.atomics import pause
from fastneuron._kernel.jit import kernel
from fastneuron._kernel.team import Company, Team, meet
from tests.test_network_couplings import few, ring
from tests.test_networks import assert_same


@kernel
def meetings(words, member, members, count, late):
    """Meet so many times, a member coming that many pauses late; how often it has met."""
    for k in range(count):
        for _ in range(late):
            pause()
        members = meet(words, members)
        if member >= members:
            return k
    return count


meetings._cache.disable()  # the sources of tests are not among what names its files


def met(team, late, count=300):
    return team.run(lambda member, words, members: meetings(words, member, members, count, late if member else 0))


@pytest.fixture(autouse=True, scope="module")
def compiled():
    meetings(np.zeros((5, 8), np.int64), 0, 1, 1, 0)


def test_who_waits_in_vain_goes_on_alone_and_tries_again(monkeypatch):
    monkeypatch.setattr(team_module, "SHORTEST", 0.05)
    with Team(2) as team:
        alone, other = met(team, late=20_000)
        assert alone == 300
        assert other < 100
        assert met(team, late=20_000) == [300]  # the other is left where it is
        time.sleep(0.06)
        alone, other = met(team, late=20_000)
        assert alone == 300
        assert other < 100


def test_company_is_missed_for_longer_each_time_it_was_in_vain(monkeypatch):
    now = 100.0
    monkeypatch.setattr(team_module.time, "monotonic", lambda: now)
    company = Company()
    for alone in (0.1, 0.2, 0.4, 0.8, 1.6, 2.0, 2.0):
        assert company.is_wanted()
        company.learn(was_in_vain=True)
        now += 0.99 * alone
        assert not company.is_wanted()
        now += 0.02 * alone
    company.learn(was_in_vain=False)
    assert company.is_wanted()
    company.learn(was_in_vain=True)
    now += 0.11
    assert company.is_wanted()


def test_others_are_not_started_for_little_and_work_once_they_are_there():
    with Team(3) as team:
        started = [len(team.run(lambda *given: None, worth)) for worth in (False, True, False)]
    assert started == [1, 3, 3]


def test_what_one_raises_ends_the_work_of_all():
    def work(member, words, members):
        if member == 1:
            raise OSError("the disk")
        return meetings(words, member, members, 1, 0)

    with Team(2) as team, pytest.raises(OSError, match="the disk"):
        team.run(work)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="threads cannot be kept on a core")
def test_two_threads_on_one_core_are_hardly_slower_than_one_and_have_its_bits(monkeypatch):
    found, learn = [], Company.learn

    def heard(self, was_in_vain):
        found.append(was_in_vain)
        learn(self, was_in_vain)

    monkeypatch.setattr(Company, "learn", heard)
    n = 900
    net, initial = few(fn.GapJunction(), ring(n, 0.3), n)
    fn.simulate(net, 1.0, initial=initial, threads=1)
    cores, runs, took = os.sched_getaffinity(0), [], []
    os.sched_setaffinity(0, {min(cores)})  # that of this thread, and of those that it starts
    try:
        for threads in (1, 2):
            begin = time.process_time()
            runs.append(fn.simulate(net, 300.0, initial=initial, threads=threads))
            took.append(time.process_time() - begin)
    finally:
        os.sched_setaffinity(0, cores)
    assert_same(*runs)
    assert found[0]
    alone, together = took
    assert together < 3 * alone  # 20 times as long where each stage waits
