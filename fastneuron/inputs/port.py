"""Noise inside a block; where there is none, its type is None and every function here is empty."""

from typing import Any, NamedTuple

from numba import types

from .._kernel.jit import specialises
from .._kernel.lanes import local, put, take, width
from .._kernel.random import normal
from .noise import begin_noise, move_noise, prepare_noise

STEPS, BEGIN = 0, 1  # streams of random numbers


class Source(NamedTuple):
    """The noise of a population."""

    like: Any  # a tuple whose type says which
    columns: Any  # its parameters
    seed: int
    first_neuron: int  # its index in the whole population
    state: Any  # (n,) the noise at each neuron's last step


class Disturbance(NamedTuple):
    """The noise of a block."""

    constants: Any  # (constant, lane)
    constants_like: Any
    push: Any  # (2, lane): uA/cm^2 at the begin and the end of the step


def disturbance(source, lanes, dt):
    """Generic: room for the noise of a block."""


def load_noise(source, block, lane, neuron, dt, first):
    """Generic: put the noise of a neuron into a lane; `first` is the number of the step to come."""


def shake(source, block, low, number):
    """Generic: the noise of the step `number` in every lane, the first being that of neuron `low`."""


def store_noise(source, block, lane, neuron):
    """Generic: write a lane's noise back to its neuron."""


def disturbed(current, noise, lane, at_end):
    """Generic: the current with the noise of the lane."""


def _none(noise):
    return isinstance(noise, types.NoneType)


@specialises(disturbance)
def _disturbance(source, lanes, dt):
    if _none(source):
        return lambda source, lanes, dt: None

    def room(source, lanes, dt):
        constants = prepare_noise(source.like, dt)
        return Disturbance(local(constants, 1, lanes, 0.0), constants, local((0.0, 0.0), 1, lanes, 0.0))

    return room


@specialises(load_noise)
def _load_noise(source, block, lane, neuron, dt, first):
    if _none(source):
        return lambda source, block, lane, neuron, dt, first: None

    def load(source, block, lane, neuron, dt, first):
        noise, columns = block.noise, source.columns
        given = local(source.like, 1, block.lanes, 0.0)
        for k in range(len(source.like)):
            given[k, lane] = columns.values[columns.first[k] + columns.stride[k] * neuron]
        constants = prepare_noise(take(source.like, given, lane), dt)
        put(noise.constants, lane, constants)
        z = normal(source.seed, BEGIN, source.first_neuron + neuron, 0)
        noise.push[1, lane] = source.state[neuron] if first > 0 else begin_noise(source.like, z, constants)

    return load


@specialises(shake)
def _shake(source, block, low, number):
    if _none(source):
        return lambda source, block, low, number: None

    def shake(source, block, low, number):
        noise = block.noise
        for lane in range(width(block.lanes)):
            z = normal(source.seed, STEPS, source.first_neuron + low + lane, number)
            constants = take(noise.constants_like, noise.constants, lane)
            put(noise.push, lane, move_noise(source.like, noise.push[1, lane], z, constants))

    return shake


@specialises(store_noise)
def _store_noise(source, block, lane, neuron):
    if _none(source):
        return lambda source, block, lane, neuron: None

    def store(source, block, lane, neuron):
        source.state[neuron] = block.noise.push[1, lane]

    return store


@specialises(disturbed)
def _disturbed(current, noise, lane, at_end):
    if _none(noise):
        return lambda current, noise, lane, at_end: current
    return lambda current, noise, lane, at_end: current + noise.push[1 if at_end else 0, lane]
