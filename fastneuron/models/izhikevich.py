"""Izhikevich's neuron (2003): two states, twenty firing patterns."""

from typing import Any, ClassVar, Self

from .._kernel.lanes import fma
from .model import Model, Parameter


class Izhikevich(Model):
    """Izhikevich's neuron: membrane voltage V and recovery variable u.

    ::

        dV/dt = 0.04 V^2 + 5 V + 140 - u + I        du/dt = a (b V - u)
        where V reaches 30: V = c, u = u + d

    V is in mV, time in ms; the current has no unit.

    Parameters
    ----------
    a : float or (n,) array_like, default 0.02
        Rate of the recovery, 1/ms.
    b : float or (n,) array_like, default 0.2
        How much the recovery follows the voltage below threshold.
    c : float or (n,) array_like, default -65
        Where V is put by a spike, mV.
    d : float or (n,) array_like, default 8
        What a spike adds to u.

    References
    ----------
    Izhikevich EM (2003). Simple model of spiking neurons. IEEE Trans Neural Netw 14:1569-1572.
    doi:10.1109/TNN.2003.820440

    Izhikevich EM (2004). Which model to use for cortical spiking neurons? IEEE Trans Neural Netw 15:1063-1070,
    figure 1 and the program that draws it. doi:10.1109/TNN.2004.832719

    Examples
    --------
    >>> import fastneuron as fn
    >>> fn.simulate(fn.Izhikevich(), duration=1000.0, current=[3.0, 10.0, 20.0]).spike_count
    array([ 0, 23, 46])
    """

    a: Parameter = 0.02
    b: Parameter = 0.2
    c: Parameter = -65.0
    d: Parameter = 8.0

    states: ClassVar = {"V": -65.0, "u": lambda V, p: p.b * V}
    threshold: ClassVar = 30.0
    units: ClassVar = {"a": "1/ms", "b": "1", "c": "mV", "d": "1", "u": "1", "current": "1"}
    presets: ClassVar = (
        "regular_spiking", "intrinsically_bursting", "chattering", "fast_spiking", "low_threshold_spiking",
        "thalamo_cortical", "resonator", "tonic_spiking", "phasic_spiking", "tonic_bursting", "phasic_bursting",
        "mixed_mode", "adapting", "rebound_spiking", "rebound_bursting",
    )  # fmt: skip

    @classmethod
    def _with(cls, changes: dict[str, Parameter], *values: float) -> Self:
        """The set a, b, c, d, but for some changes."""
        return cls(**dict(zip("abcd", values, strict=True)) | changes)

    @classmethod
    def regular_spiking(cls, **changes: Parameter) -> Self:
        """Cortical excitatory neurons: Izhikevich (2003), figure 2, RS."""
        return cls._with(changes, 0.02, 0.2, -65.0, 8.0)

    @classmethod
    def intrinsically_bursting(cls, **changes: Parameter) -> Self:
        """A burst, then single spikes: the same figure, IB."""
        return cls._with(changes, 0.02, 0.2, -55.0, 4.0)

    @classmethod
    def chattering(cls, **changes: Parameter) -> Self:
        """Bursts in quick succession: the same figure, CH."""
        return cls._with(changes, 0.02, 0.2, -50.0, 2.0)

    @classmethod
    def fast_spiking(cls, **changes: Parameter) -> Self:
        """Cortical inhibitory neurons: the same figure, FS."""
        return cls._with(changes, 0.1, 0.2, -65.0, 2.0)

    @classmethod
    def low_threshold_spiking(cls, **changes: Parameter) -> Self:
        """Inhibitory neurons that adapt: the same figure, LTS."""
        return cls._with(changes, 0.02, 0.25, -65.0, 2.0)

    @classmethod
    def thalamo_cortical(cls, **changes: Parameter) -> Self:
        """Tonic from rest, a burst from below it: the same figure, TC."""
        return cls._with(changes, 0.02, 0.25, -65.0, 0.05)

    @classmethod
    def resonator(cls, **changes: Parameter) -> Self:
        """Oscillations below threshold: the same figure, RZ."""
        return cls._with(changes, 0.1, 0.26, -65.0, 2.0)

    @classmethod
    def tonic_spiking(cls, **changes: Parameter) -> Self:
        """At a current of 14: Izhikevich (2004), figure 1 A."""
        return cls._with(changes, 0.02, 0.2, -65.0, 6.0)

    @classmethod
    def phasic_spiking(cls, **changes: Parameter) -> Self:
        """One spike at the onset of a current of 0.5: the same figure, B."""
        return cls._with(changes, 0.02, 0.25, -65.0, 6.0)

    @classmethod
    def tonic_bursting(cls, **changes: Parameter) -> Self:
        """At a current of 15: the same figure, C."""
        return cls._with(changes, 0.02, 0.2, -50.0, 2.0)

    @classmethod
    def phasic_bursting(cls, **changes: Parameter) -> Self:
        """One burst at the onset of a current of 0.6: the same figure, D."""
        return cls._with(changes, 0.02, 0.25, -55.0, 0.05)

    @classmethod
    def mixed_mode(cls, **changes: Parameter) -> Self:
        """A burst, then single spikes, at a current of 10: the same figure, E."""
        return cls._with(changes, 0.02, 0.2, -55.0, 4.0)

    @classmethod
    def adapting(cls, **changes: Parameter) -> Self:
        """At a current of 30: the same figure, F."""
        return cls._with(changes, 0.01, 0.2, -65.0, 8.0)

    @classmethod
    def rebound_spiking(cls, **changes: Parameter) -> Self:
        """One spike after a current of -15 for 5 ms: the same figure, M."""
        return cls._with(changes, 0.03, 0.25, -60.0, 4.0)

    @classmethod
    def rebound_bursting(cls, **changes: Parameter) -> Self:
        """One burst after a current of -15 for 5 ms: the same figure, N."""
        return cls._with(changes, 0.03, 0.25, -52.0, 0.0)

    @staticmethod
    def derivative(V: Any, u: Any, I: Any, p: Any) -> Any:
        """As it stands above."""
        return fma(fma(0.04, V, 5.0), V, 140.0 - u + I), p.a * fma(p.b, V, -u)

    @staticmethod
    def reset(V: Any, u: Any, p: Any) -> Any:
        """To c, and more recovery."""
        return p.c, u + p.d
