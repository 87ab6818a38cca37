"""Warnings about runs that are allowed, but hardly what was meant."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from ..inputs.current import Constant, Sum
from ..models import Model
from .recipe import Recipe
from .run import FinalState, Run


def warn_of_a_new_begin(recipe: Recipe, initial: Any) -> None:
    """Where a run begins at the end of another: its noise and its waveform do not go on."""
    if not isinstance(initial, FinalState):
        return
    parts = recipe.current.parts if isinstance(recipe.current, Sum) else (recipe.current,)
    anew = ["the current is that from t = 0 on"] if not all(isinstance(part, Constant) for part in parts) else []
    if recipe.noise is not None:
        anew.append("the noise begins anew, with the same numbers if its seed is the same")
    if anew:
        message = (
            f"initial= is the end of another run, but this is a run of its own: {', and '.join(anew)}; "
            "a Simulation goes on where it was"
        )
        warnings.warn(message, UserWarning, stacklevel=4)


def warn_of_the_threshold(recipe: Recipe, run: Run, asked: bool) -> None:
    """Where neurons are above the threshold from the begin to the end, or from their only spike on.

    A threshold that was `asked` for, or that stands in a user's class, may be meant to reset them, which nothing does;
    a model that resets does so at an upward crossing alone.
    """
    is_meant = asked or recipe.model.resets() or _has_its_own(type(recipe.model))
    if not is_meant or not run.state or not recipe.duration:
        return
    for state in recipe.spiking:
        _warn_of_a_state(recipe, run.of(state), state)


def _warn_of_a_state(recipe: Recipe, run: Run, state: str) -> None:
    """The same for one state that spikes; the run has its spikes alone."""
    start, end = np.broadcast_to(recipe.initial[state], run.n), run.state[state]
    above = (run.spike_count == 0) & (start > run.threshold) & (end > run.threshold)
    if above.any():
        _warn(recipe, run, above, "above the threshold from the begin to the end, so that nothing is counted")
    once = (run.spike_count == 1) & (end >= run.threshold)
    if run.spike_times and once.any() and not recipe.model.resets():
        when = np.full(run.n, np.inf)
        when[run.spikes.neuron] = run.spikes.time
        once &= when < recipe.duration / 4  # an oscillation may end where it is above
        if once.any():
            _warn(recipe, run, once, "above the threshold for good after one spike: nothing resets a neuron there")


def _has_its_own(kind: type[Model]) -> bool:
    chosen = next(base for base in kind.__mro__ if "threshold" in vars(base))
    return chosen is not Model and chosen.__module__.partition(".")[0] != __package__.partition(".")[0]


def _warn(recipe: Recipe, run: Run, which: np.ndarray, what: str) -> None:
    first = int(np.flatnonzero(which)[0])
    who = f"{int(which.sum())} of {run.n} neurons are" if run.n > 1 else "the neuron is"
    where = f", the first of them neuron {first}" if run.n > 1 else ""
    threshold = np.broadcast_to(np.asarray(run.threshold), run.n)[first]
    warnings.warn(f"{who} {what} (threshold = {threshold:g}{where})", UserWarning, stacklevel=6)
