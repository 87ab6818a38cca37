"""What goes in: the injected current, evaluated inside the kernel at any time."""

from typing import NamedTuple

from ._jit import specialises


class Constant(NamedTuple):
    """A current that does not change, uA/cm^2."""

    amplitude: float


def value(waveform, t):
    """Generic: the current of one lane at time t (ms), resolved by the type of its waveform."""


@specialises(value)
def _constant(waveform, t):
    if waveform.instance_class is Constant:
        return lambda waveform, t: waveform.amplitude
