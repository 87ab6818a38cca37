"""Every argument of a run, checked before any work starts; what comes of them is a recipe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import _check, _units
from .._formulas import underlying
from .._integrators import METHODS, Method
from ..inputs.current import as_current
from ..inputs.noise import NOISES, Noise
from ..inputs.per_cell import current_for
from ..models import Model
from ..models.validation import check_reset, rehearse, rehearse_input
from ..models.watched import checked_rearm, checked_refractory, checked_threshold, names_of
from . import sensitivity as sensitivities
from . import summary as summaries
from .circuits import check_circuits
from .frozen import of_fields
from .initial import initial_of, start_of
from .recipe import Recipe
from .recorded import Variables, checked_record
from .sampling import after_of, bin_width_of, check_after, check_used, interval_of
from .sensitivity import Sensitivity

DOUBLE = np.dtype(np.float64)


def checked(asked: Mapping[str, Any]) -> Recipe:
    """The recipe that the arguments of `simulate`, by name, describe; TypeError or ValueError if one is not allowed."""
    check_after(asked)
    recipe = _checked(asked)
    check_used(asked, [recipe])
    return recipe


def _checked(asked: Mapping[str, Any]) -> Recipe:
    asked = {"n": None, "receptors": {}, "refractory": 0.0, "rearm": None, "after": 0.0, **asked}
    if asked.get("sensitivity") is None:
        return checked_population(asked)
    model = _model(asked["model"])
    names = sensitivities.checked(asked, model)
    if not names:
        return checked_population(asked)
    alone = checked_population({**asked, **sensitivities.ALONE})
    sensitivities.check_spiking(alone.spiking, model)
    asked = sensitivities.differentiated(asked, model, names, alone.initial, alone.n)
    return checked_population(asked).changed(sensitivity=Sensitivity(model, names))


def checked_population(asked: Mapping[str, Any], first_neuron: int = 0) -> Recipe:
    """That of a population of `n` neurons at least, with receptors, whose neurons are counted from `first_neuron`."""
    model = _model(asked["model"])
    a = SimpleNamespace(**_units.plain_arguments(asked, model.units))
    method = _method(a, model)
    stimulus = _stimulus(a, model)
    if a.noise is not None:
        a.noise.check(method["dt"])
    population = _population(a, model, stimulus)
    threshold = checked_threshold(model, a.threshold)
    variables = Variables([*model.states, *a.receptors], names_of(threshold, list(model.states)))
    outputs = _outputs(a, variables, population["n"], method["duration"], method["dt"])
    if model.resets():
        _check_resetting(a, model)
    recipe = of_fields(
        Recipe,
        model=model,
        **method,
        **stimulus,
        **population,
        **outputs,
        first_neuron=first_neuron,
        receptors=a.receptors,
        threshold=threshold,
        refractory=checked_refractory(a.refractory, threshold, list(model.states)),
        rearm=checked_rearm(a.rearm, threshold, list(model.states)),
    )
    _try_out(recipe)
    for given in recipe.inputs:
        rehearse_input(given, recipe.dt)
    check_circuits(recipe)
    return recipe


def with_numbers(recipe: Recipe, model: Model, current: Any, initial: Mapping[str, npt.ArrayLike] | None) -> Recipe:
    """The recipe for a model of the same class, a current and a start, none of which differs from neuron to neuron."""
    start = start_of(model, initial_of(initial, model, {}), 1, recipe.dtype)
    changed = recipe.alike(model=model, current=as_current("current", current), initial=start)
    _try_out(changed)
    rehearse_input(changed.current, changed.dt)
    return changed


def _try_out(recipe: Recipe) -> None:
    """TypeError or ValueError where a user's formulas, or those of a reset, cannot be worked out at the start."""
    model = recipe.model
    if not _is_built_in(model):
        start = [float(recipe.initial[state].flat[0]) for state in model.states]
        rehearse(model, start, 0.0)
        recipe.chosen.refuse(model, start)
    if model.resets():
        check_reset(model, recipe.initial, recipe.watched[0].threshold)


def _check_resetting(a: SimpleNamespace, model: Model) -> None:
    """ValueError where something is asked of a model with a reset that is for those without."""
    kind = type(model).__name__
    if a.refractory:
        hint = f": it is a parameter of {kind}" if "refractory" in model.names else ""
        raise ValueError(f"refractory= is for models without a reset{hint}; got {a.refractory!r}")
    if a.rearm is not None:
        raise ValueError(f"rearm is for models without a reset, and {kind} has one; got {a.rearm!r}")
    if np.dtype(a.dtype) != np.float64:
        raise ValueError(f"dtype must be float64 for {kind}, which has a reset; got {_check.shown(a.dtype)}")


def _is_built_in(model: Model) -> bool:
    """Whether the equations are the package's."""
    return (underlying(type(model).derivative).__module__ or "").partition(".")[0] == __package__.partition(".")[0]


def _model(model: Any) -> Model:
    if hasattr(model, "populations") or hasattr(model, "receptors"):
        raise TypeError(f"model must be a Model here: networks are for fn.simulate; got {_check.shown(model)}")
    if not isinstance(model, Model):
        hint = "; a model is an instance: write MorrisLecar() with its parentheses" if isinstance(model, type) else ""
        raise TypeError(f"model must be a Model, for example MorrisLecar.hopf(); got {_check.shown(model)}{hint}")
    return model


def _method(a: SimpleNamespace, model: Model) -> dict[str, Any]:
    """The method, its times and tolerances."""
    chosen = METHODS[_check.known("method", a.method, METHODS)]
    dt = _check.number("dt", a.dt, "a positive number of ms", lambda x: x > 0)
    duration = _check.number("duration", a.duration, "a number of ms, 0 or more", lambda x: x >= 0)
    if not chosen.is_adaptive:
        _check.steps(duration, dt)
        _check.only("rtol", a.rtol, "adaptive methods", a.method)
        _check.only("atol", a.atol, "adaptive methods", a.method)
    rtol = _check.number("rtol", 1e-6 if a.rtol is None else a.rtol, "a positive number", lambda x: x > 0)
    return {"method": a.method, "duration": duration, "dt": dt, "rtol": rtol, "atol": _absolute(a.atol, model)}


def _stimulus(a: SimpleNamespace, model: Model) -> dict[str, Any]:
    """What drives the neurons."""
    if not isinstance(a.noise, Noise | None):
        hint = "; write it with its values: WhiteNoise(20.0)" if isinstance(a.noise, type) else ""
        raise TypeError(f"noise must be {NOISES}; got {_check.shown(a.noise)}{hint}")
    if a.noise is not None and not _takes(METHODS[a.method], a.noise):
        able = _listed([name for name, method in METHODS.items() if _takes(method, a.noise)], "or")
        raise ValueError(f"noise needs method={able}; got method={a.method!r}")
    seed = _check.whole("seed", a.seed, 0, 2**64 - 1)
    return {"current": current_for(model, a.current), "noise": a.noise, "seed": seed}


def _takes(method: Method, noise: Noise) -> bool:
    return method.noise or (noise.of_any_fixed_step and not method.is_adaptive)


def _listed(names: Sequence[str], last: str) -> str:
    """The names in a sentence, with a word before the last."""
    *others, final = map(repr, names)
    return f"{', '.join(others)} {last} {final}" if others else final


def _population(a: SimpleNamespace, model: Model, stimulus: Mapping[str, Any]) -> dict[str, Any]:
    """How many neurons there are, and where they start."""
    precision = _precision(a.dtype)
    if precision == np.float32 and (not METHODS[a.method].single or a.noise is not None):
        able = _listed([name for name, method in METHODS.items() if method.single], "and")
        but = f"noise={a.noise!r}" if METHODS[a.method].single else f"method={a.method!r}"
        raise ValueError(f"dtype float32 is for the methods {able}, without noise; got it with {but}")
    given = initial_of(a.initial, model, a.receptors)
    sizes = _check.sizes(model.parameters | {f"initial[{name!r}]": value for name, value in given.items()})
    start = start_of(model, given, _check.population_size(sizes), precision)
    start |= {name: given.get(name, np.zeros(())) for name in a.receptors}
    # "noise" may be a parameter
    sizes |= {"current": stimulus["current"].size, "the noise": a.noise.size if a.noise else 1}
    try:
        n = _check.population_size(sizes)
    except ValueError as error:
        hint = "; a current that is sampled in time is fn.Samples(values, dt)" if "current has" in str(error) else ""
        raise ValueError(f"{error}{hint}") from None
    if a.n is not None and n not in (1, _check.whole("n", a.n, 1)):
        raise ValueError(f"n must be {n}, the number of values of what differs from neuron to neuron; got {a.n}")
    return {"n": n if a.n is None else a.n, "initial": start, "dtype": precision}


def _outputs(a: SimpleNamespace, variables: Variables, n: int, duration: float, dt: float) -> dict[str, Any]:
    """What to keep."""
    recorded = checked_record(a.record, variables.every)
    wanted = summaries.checked(a.summary, *variables)
    bin_width = bin_width_of(a.bin_width, duration)
    if a.neurons is not None and not recorded:
        raise ValueError(f"neurons selects what record keeps, but record is {a.record!r}: name a state, such as 'V'")
    interval = interval_of(a.every, a.sample_interval, duration, dt, METHODS[a.method].is_adaptive)
    after = after_of(a, wanted, duration, interval)
    rows = np.arange(n if recorded else 0) if a.neurons is None else _check.indices("neurons", a.neurons, n)
    if duration / interval > _check.COUNTABLE:
        if recorded or wanted:
            raise ValueError(f"a sample every {interval:g} ms for {duration:g} ms is more than can be counted")
        interval = max(duration, dt)  # nothing is sampled
    return {
        "record": recorded,
        "neurons": rows,
        "interval": interval,
        "summary": wanted,
        "bin_width": bin_width,
        "after": after,
        "spike_times": _check.flag("spike_times", a.spike_times),
    }


def _precision(dtype: npt.DTypeLike) -> np.dtype:
    if dtype is np.float64:
        return DOUBLE
    try:
        name: object = np.dtype(dtype).name
    except (TypeError, ValueError):  # none of NumPy's types
        name = dtype
    return np.dtype(_check.known("dtype", name, ["float64", "float32"]))


def _absolute(atol: float | Mapping[str, float] | None, model: Model) -> np.ndarray:
    """The absolute tolerance of each state."""
    values = dict.fromkeys(model.states, 1e-6)
    if atol is None:
        return np.array(list(values.values()))
    if isinstance(atol, Mapping):
        for name, value in atol.items():
            values[_check.known("a state in atol", name, model.states)] = value
    else:
        values = dict.fromkeys(model.states, atol)
    wanted = "a number, 0 or more"
    return np.array([_check.number("atol", value, wanted, lambda x: x >= 0) for value in values.values()])
