"""Poisson input: spikes that come from outside a population, to each neuron its own, in no list.

In a step a neuron gets a number of them, drawn by inversion, at times that are independent and uniform, to a part in
65,536 of it: a Poisson process.  The words of a draw are functions of (seed, neuron, step), so nothing is carried on.
What they do in the step is known by two moments, as with synapses (see `fastneuron.receptors.kinetics`), so methods
keep their order.
"""

from __future__ import annotations

import math
from typing import Any, ClassVar, NamedTuple

import numpy as np

from .._kernel.columns import Columns, columns, read
from .._kernel.elementary import exp
from .._kernel.jit import generic, inline
from .._kernel.lanes import fma, from_bits, local
from .._kernel.moments import line, parabola
from .._kernel.random import ONE, stream_words, uniform_of
from .._kernel.scalars import polynomial, select
from .._parameters import Parameter
from .noise import Noise

MOST = 8.0  # events of a draw, on average: those of a longer step are drawn in parts
PARTS = 250  # of a step, at most: the number of a draw has 12 bits, of which 4 are for its times
TAIL = 64  # events of a draw: more have a chance of 1e-35
BITS = 16  # of a time: with the number of events go those of 6, so that 64 neurons seldom want more words
AT_ONCE = 8
FIRST = 6
TOGETHER = 16  # lanes that get more, if one of them wants more
SHORT = 0.5  # time constants in a step, up to which a polynomial does for what is left of an event at its end
# (exp(-x) - 1) / x for 0 <= x <= SHORT, minimax (Remez in 250-bit arithmetic): relative error of exp(-x) 5.5e-16
REMAINS = (
    *(-0.9999999999998672, 0.49999999998970884, -0.16666666638995986, 0.04166666299771165, -0.00833330566801746),
    *(0.0013887622110895794, -0.0001980529275119287, 2.4179224750619144e-05, -2.14655779954501e-06),
)


class PoissonInput(Noise):
    """Base class of the Poisson inputs, whose first parameter is the ``rate``, Hz."""

    formulas: ClassVar = ()
    nonnegative: ClassVar = ("rate",)
    of_any_fixed_step: ClassVar = True
    rate: Parameter

    def check(self, dt: float) -> None:
        """ValueError where a step has more events than can be drawn."""
        if (highest := float(np.max(self.rate))) * 0.001 * dt > MOST * PARTS:
            raise ValueError(
                f"the rate of a {type(self).__name__} must be at most {MOST * PARTS:g} events a step, "
                f"{MOST * PARTS * 1000.0 / dt:g} Hz with dt = {dt:g} ms; got {highest:g} Hz"
            )

    def nbytes(self, n: int) -> int:
        """Bytes of the arrays that the kernels have of it."""
        return 8 * sum(np.size(value) for value in self.parameters.values())


class PoissonJumps(PoissonInput):
    """Poisson input that makes the voltage jump: each neuron has spikes of its own, which arrive as at a `Delta`.

    For many sources that are not simulated: those of one weight are together one train of the summed rate.

    Parameters
    ----------
    rate : float or (n,) array_like
        Hz, of all spikes that a neuron gets; 0 or more, and at most 2,000 a step.
    jump : float or (n,) array_like
        What each adds to the voltage, mV; below 0 where it inhibits.

    Examples
    --------
    The drive of Brunel (2000), 1,000 synapses of 0.1 mV at 20 Hz, to neurons that fire where nothing inhibits them:

    >>> import fastneuron as fn
    >>> model = fn.LeakyIntegrateAndFire.brunel()
    >>> fn.simulate(model, 1000.0, noise=fn.PoissonJumps(20_000.0, 0.1), seed=1).spike_count
    array([96])
    """

    jump: Parameter
    units: ClassVar = {"rate": "Hz", "jump": "mV"}

    def sources(self, n: int, seed: int, first_neuron: int) -> tuple[JumpsSource]:  # type: ignore[override]
        """The input as the kernels want it, of the neurons from `first_neuron` on of a whole population."""
        return (JumpsSource(columns([self.rate, self.jump], n), seed, first_neuron),)


class PoissonCurrent(PoissonInput):
    """Poisson input of currents that decay: each neuron has spikes of its own, as at an `ExponentialCurrent`.

    Parameters
    ----------
    rate : float or (n,) array_like
        Hz, of all spikes that a neuron gets; 0 or more, and at most 2,000 a step.
    weight : float or (n,) array_like
        What each adds to the current, uA/cm^2; below 0 where it inhibits.
    tau : float or (n,) array_like
        Time constant of its decay, ms; positive.

    Examples
    --------
    >>> import fastneuron as fn
    >>> model = fn.LeakyIntegrateAndFire.brunel()
    >>> fn.simulate(model, 1000.0, noise=fn.PoissonCurrent(20_000.0, 4.0, tau=0.5), seed=1).spike_count
    array([95])
    """

    weight: Parameter
    tau: Parameter
    units: ClassVar = {"rate": "Hz", "weight": "uA/cm^2", "tau": "ms"}
    positive: ClassVar = ("tau",)

    def sources(self, n: int, seed: int, first_neuron: int) -> tuple[CurrentsSource]:  # type: ignore[override]
        """The input as the kernels want it, of the neurons from `first_neuron` on of a whole population."""
        given = columns([self.rate, self.weight, self.tau], n)
        return (CurrentsSource(given, seed, first_neuron, np.zeros(n)),)

    def nbytes(self, n: int) -> int:
        """Bytes of the arrays that the kernels have of it."""
        return super().nbytes(n) + 8 * n


# constants of a lane: draws of a step, the mean of each, the chance that there is nothing in one; then its own
DRAWS, MEAN, NOTHING, OWN = range(4)
# rows of a draw: its uniform number, and how far its inversion has come
UNIFORM, TERM, SUM = range(3)
# rows of a step: events, the sum of what they are away from its end, of exp(-away / tau)
COUNT, AWAY, DECAYED = range(3)


class PoissonRoom(NamedTuple):
    """What a block has of a Poisson input."""

    lanes: Any
    constants: Any  # (constant, lane)
    words: Any  # (4, lane): random words
    draw: Any  # (3, lane)
    left: Any  # (1, lane): events of a draw whose times are not drawn yet
    events: Any  # (3, lane)
    stages: Any  # (4, lane): at the begin, in the middle, at the end of the step; where it is placed
    current: Any  # (1, lane): uA/cm^2, at the end of the last step


@inline
def _any_room(lanes, constants):
    three = (0.0, 0.0, 0.0)
    return PoissonRoom(
        lanes, local(constants, 1, lanes, 0.0), local((0, 0, 0, 0), 1, lanes, 0), local(three, 1, lanes, 0.0),
        local((0,), 1, lanes, 0), local(three, 1, lanes, 0.0), local((0.0, 0.0, 0.0, 0.0), 1, lanes, 0.0),
        local((0.0,), 1, lanes, 0.0),
    )  # fmt: skip


@inline
def _prepare_draws(constants, lane, rate, dt):
    mean = rate * 0.001 * dt
    draws = max(math.ceil(mean / MOST), 1.0)
    constants[DRAWS, lane], constants[MEAN, lane], constants[NOTHING, lane] = draws, mean / draws, exp(-mean / draws)


@generic
def add_event(source, room, lane, away, present, steep):
    """Add an event, a fraction of the step away from its end, to the sums of a lane, if one is present.

    Where `steep` is False, no lane of the block is.
    """


@generic
def is_steep(source, room, lane):
    """Whether what an event brings decays so fast that a step is long for it."""
    return False


@inline
def draw_events(source, room, low, number):
    """Sum up the events of step `number` in all lanes, the first being that of neuron `low`."""
    most, steep = 0.0, False
    for lane in range(room.events.shape[1]):
        steep |= is_steep(source, room, lane)
        room.events[COUNT, lane] = room.events[AWAY, lane] = room.events[DECAYED, lane] = 0.0
        most = max(most, room.constants[DRAWS, lane])
    for draw in range(int(most)):
        _draw_words(source, room, low, number, 16 * draw, 0, room.words.shape[1])
        _draw_count(room, draw)
        if steep:
            _add_first(source, room, True)
        else:
            _add_first(source, room, False)
        for first in range(0, room.words.shape[1], TOGETHER):
            more = 16 * draw
            while _any_left(room, first):
                more += 1
                _draw_words(source, room, low, number, more, first, TOGETHER)
                _add_more(source, room, first)


@inline
def _draw_words(source, room, low, number, attempt, first, count):
    for lane in range(first, min(first + count, room.words.shape[1])):
        words = stream_words(source.seed, (attempt + 1) << 4, source.first_neuron + low + lane, number)
        room.words[0, lane], room.words[1, lane], room.words[2, lane], room.words[3, lane] = words


@inline
def _draw_count(room, draw):
    """Events by inversion: as many as terms of the distribution go into a uniform number."""
    any_left = 0
    for lane in range(room.left.shape[1]):
        one = uniform_of((room.words[0, lane], 0))  # 32 bits: chances are right to 2e-10
        nothing = room.constants[NOTHING, lane] if draw < room.constants[DRAWS, lane] else 1.0
        room.draw[UNIFORM, lane], room.draw[TERM, lane], room.draw[SUM, lane] = one, nothing, nothing
        room.left[0, lane] = 0
        any_left |= one >= nothing
    count = 0
    while any_left and count < TAIL:
        count += 1
        share, any_left = 1.0 / count, 0
        for lane in range(room.left.shape[1]):
            room.left[0, lane] += room.draw[UNIFORM, lane] >= room.draw[SUM, lane]
            term = room.draw[TERM, lane] * (room.constants[MEAN, lane] * share)
            sum = room.draw[SUM, lane] + term
            room.draw[TERM, lane], room.draw[SUM, lane] = term, sum
            any_left |= room.draw[UNIFORM, lane] >= sum


@inline
def _away_of(bits):
    """How far the middle of one of 2**16 parts of the step is from its end."""
    return (2.0 - 2.0 ** (-BITS - 1)) - from_bits((bits << (52 - BITS)) | ONE)


@inline
def _add_two(source, room, lane, word, left, steep):
    """The two events of a word, of which `left` are wanted; a loop over words would not be unrolled, nor pack."""
    both = room.words[word, lane]
    add_event(source, room, lane, _away_of(both >> BITS), left > 0, steep)
    add_event(source, room, lane, _away_of(both & 0xFFFF), left > 1, steep)


@inline
def _add_first(source, room, steep):
    """The first events of a draw, whose times are in the words beside its number."""
    for lane in range(room.left.shape[1]):
        left = room.left[0, lane]
        room.events[COUNT, lane] += left
        _add_two(source, room, lane, 1, left, steep)
        _add_two(source, room, lane, 2, left - 2, steep)
        _add_two(source, room, lane, 3, left - 4, steep)
        room.left[0, lane] = left - FIRST


@inline
def _any_left(room, first):
    """Whether one of some lanes from `first` on wants more events."""
    most = 0
    for lane in range(first, min(first + TOGETHER, room.left.shape[1])):
        most = max(most, room.left[0, lane])
    return most > 0


@inline
def _add_more(source, room, first):
    """Eight more events of a draw to some lanes from `first` on."""
    for lane in range(first, min(first + TOGETHER, room.left.shape[1])):
        left = room.left[0, lane]
        _add_two(source, room, lane, 0, left, True)
        _add_two(source, room, lane, 1, left - 2, True)
        _add_two(source, room, lane, 2, left - 4, True)
        _add_two(source, room, lane, 3, left - 6, True)
        room.left[0, lane] = left - AT_ONCE


@inline
def _put_stages(room, lane, begin, middle, end):
    room.stages[0, lane], room.stages[1, lane], room.stages[2, lane] = begin, middle, end


def _place(source, room, lane, part):
    room.stages[3, lane] = parabola(room.stages[0, lane], room.stages[1, lane], room.stages[2, lane], part)


# jumps: the constants are those of a draw, and jump / dt


def _jumps_room(source, lanes, zero, times):
    return _any_room(lanes, (0.0, 0.0, 0.0, 0.0))


def _prepare_jumps(source, room, lane, neuron, dt):
    given = local((0.0, 0.0), 1, room.lanes, 0.0)
    read(source.columns, given, lane, neuron)
    room.constants[OWN, lane] = given[1, lane] / dt
    _prepare_draws(room.constants, lane, given[0, lane], dt)


def _add_jump_event(source, room, lane, away, present, steep):
    room.events[AWAY, lane] = select(present, room.events[AWAY, lane] + away, room.events[AWAY, lane])


def _begin_jumps(source, room, low, number, dt):
    draw_events(source, room, low, number)
    for lane in range(room.stages.shape[1]):
        size, count = room.constants[OWN, lane], room.events[COUNT, lane]
        _put_stages(room, lane, *line(size * count, size * (count - room.events[AWAY, lane])))


def _add_jumps(source, room, lane, V, t, stage, derivative):
    return (derivative[0] + room.stages[stage, lane], *derivative[1:])


class JumpsSource(NamedTuple):
    """`PoissonJumps` as an input of the kernels."""

    columns: Columns
    seed: int
    first_neuron: int  # its index in the whole population

    room = _jumps_room
    prepare = _prepare_jumps
    begin_step = _begin_jumps
    add_event = _add_jump_event
    add_to_derivative = _add_jumps
    place = _place

    def arrays(self) -> dict[str, np.ndarray]:
        """Nothing goes on."""
        return {}


# currents: the constants are those of a draw, the weight, dt / tau and its inverse, and what half a step and a whole
# leave of a current
WEIGHT, STEP, PER_STEP, HALF, FULL = range(OWN, OWN + 5)


def _currents_room(source, lanes, zero, times):
    return _any_room(lanes, (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0))


def _prepare_currents(source, room, lane, neuron, dt):
    given = local((0.0, 0.0, 0.0), 1, room.lanes, 0.0)
    read(source.columns, given, lane, neuron)
    x = dt / given[2, lane]
    room.constants[WEIGHT, lane] = given[1, lane]
    room.constants[STEP, lane], room.constants[PER_STEP, lane] = x, 1.0 / x
    room.constants[HALF, lane], room.constants[FULL, lane] = exp(-0.5 * x), exp(-x)
    _prepare_draws(room.constants, lane, given[0, lane], dt)


def _load_current(source, room, lane, neuron, first):
    room.current[0, lane] = source.state[neuron]


def _is_steep(source, room, lane):
    return room.constants[STEP, lane] > SHORT


def _add_current_event(source, room, lane, away, present, steep):
    x = away * room.constants[STEP, lane]
    remains = fma(x, polynomial(x, REMAINS), 1.0)
    if steep:
        remains = select(is_steep(source, room, lane), exp(-x), remains)
    room.events[AWAY, lane] = select(present, room.events[AWAY, lane] + away, room.events[AWAY, lane])
    room.events[DECAYED, lane] = select(present, room.events[DECAYED, lane] + remains, room.events[DECAYED, lane])


def _begin_currents(source, room, low, number, dt):
    """An event at the fraction theta of the step is exp(-x (s - theta)) from there on: its moments in closed form."""
    draw_events(source, room, low, number)
    for lane in range(room.stages.shape[1]):
        steps, weight, before = room.constants[PER_STEP, lane], room.constants[WEIGHT, lane], room.current[0, lane]
        count, decayed = room.events[COUNT, lane], room.events[DECAYED, lane]
        m0 = (count - decayed) * steps
        m1 = ((count - room.events[AWAY, lane]) - decayed + m0) * steps
        begin, middle, end = line(weight * m0, weight * m1)
        half, full = room.constants[HALF, lane] * before, room.constants[FULL, lane] * before
        _put_stages(room, lane, begin + before, middle + half, end + full)
        room.current[0, lane] = full + weight * decayed


def _add_currents(source, room, lane, V, t, stage, total):
    return total + room.stages[stage, lane]


def _store_current(source, room, lane, neuron):
    source.state[neuron] = room.current[0, lane]


class CurrentsSource(NamedTuple):
    """`PoissonCurrent` as an input of the kernels."""

    columns: Columns
    seed: int
    first_neuron: int  # its index in the whole population
    state: np.ndarray  # (n,) the current at the end of each neuron's last step

    room = _currents_room
    prepare = _prepare_currents
    load = _load_current
    begin_step = _begin_currents
    is_steep = _is_steep
    add_event = _add_current_event
    add_current = _add_currents
    place = _place
    store = _store_current

    def arrays(self) -> dict[str, np.ndarray]:
        """What the current goes on from."""
        return {"noise": self.state}
