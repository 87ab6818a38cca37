"""Run by test_network_stores.py: stored runs of random networks are killed, and resumed on other threads.

Usage: python killed_network.py KILLS NETWORKS SEED FOLDER.  Each run is a fork of this process, in which all is
compiled and imported; this process itself never starts a thread, so that it may fork.
"""

import os
import random
import shutil
import signal
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
import xarray  # noqa: F401
import zarr  # noqa: F401

import fastneuron as fn
from fastneuron._engine import network_scheduler
from tests.killed import fork
from tests.test_network_stores import assert_same

RULES = [
    lambda draw, n, m: fn.FixedProbability(draw.uniform(0.02, 0.3)),
    lambda draw, n, m: fn.FixedInDegree(int(draw.integers(0, min(n, 20)))),
    lambda draw, n, m: fn.FixedOutDegree(int(draw.integers(0, min(m, 20)))),
    lambda draw, n, m: fn.FixedTotal(int(draw.integers(0, n * m // 5))),
    lambda draw, n, m: fn.AllToAll(),
    lambda draw, n, m: (draw.integers(0, n, 100), draw.integers(0, m, 100)),
]


def network(seed):
    """Two populations of up to 130 neurons, two sources, and up to eight projections of any kind.

    One at most is not stored: each combination of those would be a kernel of its own.
    """
    draw = np.random.default_rng(seed)
    n, m = (int(size) for size in draw.integers(20, 130, 2))
    a = fn.Population(
        fn.TraubMiles.cobahh(), n, {"exc": fn.Exponential(5.0, 0.0), "inh": fn.DoubleExponential(1.0, 10.0, -80.0)},
        current=draw.uniform(0, 2, n), threshold=-20.0, refractory=float(draw.choice([0.0, 3.0])),
    )  # fmt: skip
    b = fn.Population(fn.MorrisLecar.hopf(V3=draw.normal(2, 0.3, m)), m, {"syn": fn.Alpha(2.0, 0.0)}, current=95.0)
    poisson = fn.PoissonSource(int(draw.integers(1, 60)), rate=draw.uniform(10, 80))
    given = fn.SpikeSource([np.sort(draw.uniform(0, 25, 5)) for _ in range(int(draw.integers(2, 20)))])
    groups = {"a": a, "b": b, "poisson": poisson, "given": given}
    projections = []
    for number in range(int(draw.integers(1, 9))):
        pre, post = groups[draw.choice(list(groups))], groups[draw.choice(["a", "b"])]
        receptor = str(draw.choice(list(post.receptors)))
        rule = RULES[draw.integers(len(RULES))](draw, pre.n, post.n)
        weight = 0.05 if draw.random() < 0.5 else fn.Normal(0.05, 0.02, low=0.0)
        delay = draw.uniform(0.1, 2.0) if draw.random() < 0.5 else fn.Uniform(0.1, 3.0)
        anew = number == 0 and draw.random() < 0.5
        if anew:
            rule, weight, delay = fn.FixedProbability(draw.uniform(0.02, 0.3)), 0.05, draw.uniform(0.1, 2.0)
        projections.append(fn.Projection(pre, post, receptor, rule, weight, delay, stored=not anew))
    return fn.Network(groups, projections, seed=seed)


def main(kills, networks, seed, folder):
    network_scheduler.WORTH_A_MEMBER = 1  # several threads, though there is little work
    network_scheduler.NetworkAtWork.worth_starting = 0
    chance = random.Random(seed)
    killed = 0
    for number in range(networks):
        store = Path(folder) / f"{number}.zarr"
        given = {"duration": 25.0, "record": ("V", "exc", "syn"), "every": 10, "summary": ("V.mean", "population.rate")}
        begin = time.perf_counter()
        whole = fn.simulate(network(number), **given, threads=1)
        took = time.perf_counter() - begin
        interval = chance.uniform(0.5, 10.0)

        def go_on(number=number, store=store, given=given, interval=interval):
            threads = chance.choice((1, 2, 3))
            if store.exists():
                fn.resume(store, duration=given["duration"], threads=threads)
            else:
                first = given | {"duration": given["duration"] - number % 2 * 10.0}  # of every other network
                fn.simulate(network(number), **first, out=store, checkpoint_interval=interval, threads=threads)

        def look(store=store, whole=whole):
            assert_same(whole, fn.open(store))

        for _ in range(kills):
            pid = fork(go_on)
            time.sleep(chance.uniform(0.0, min(took, 0.3) + 0.2))
            os.kill(pid, signal.SIGKILL)
            code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            assert code in (0, -signal.SIGKILL), code
            killed += code != 0
        for work in (go_on, go_on, look):
            assert os.waitstatus_to_exitcode(os.waitpid(fork(work), 0)[1]) == 0, number
        assert not (store / "progress").exists()
        shutil.rmtree(store)
    print(f"{networks} networks {killed} killed")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:4]), sys.argv[4])
