"""When samples are taken, and from when on summaries are: the arguments that say so, checked."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from .. import _check
from . import summary as summaries
from .recipe import Recipe


def check_after(asked: Mapping[str, Any]) -> None:
    """ValueError where `after` is given and nothing is summarised."""
    if asked.get("after", 0.0) != 0.0 and not asked.get("summary"):
        raise ValueError(f"after is for summary: name one, such as 'isi.mean'; got after={asked['after']!r} without it")


def check_used(asked: Mapping[str, Any], recipes: Collection[Recipe]) -> None:
    """ValueError where it is said when to sample, or how wide bins are, and none of the populations has any."""
    name = "every" if asked.get("sample_interval") is None else "sample_interval"
    is_said = name == "sample_interval" or asked.get("every", 1) != 1
    if is_said and not any(one.record or summaries.of_samples(one.summary) for one in recipes):
        raise ValueError(
            f"{name} is for runs that sample states: name one, as in record='V' or summary='V.mean'; "
            f"got record={asked.get('record')!r}, summary={asked.get('summary')!r}"
        )
    has_rates = any(summaries.is_rate(wanted) for one in recipes for wanted in one.summary)
    if not has_rates and any(one.bin_width != 1.0 for one in recipes):
        raise ValueError(f"bin_width is for summary={summaries.RATE!r}; got {asked['bin_width']!r} without it")


def after_of(a: SimpleNamespace, wanted: Sequence[str], duration: float, interval: float) -> float:
    """From when on summaries are."""
    allowed = f"a number of ms, from 0 to duration = {duration:g}"
    after = _check.number("after", a.after, allowed, lambda x: 0 <= x <= duration)
    if duration / interval > _check.COUNTABLE:
        return after  # samples that cannot be counted are refused where they are asked for
    last = int(duration / interval * (1 + 1e-12)) * interval
    if summaries.of_samples(wanted) and after > last * (1 + 1e-12):
        raise ValueError(f"after must be at most {last:g} ms, the time of the last sample; got {a.after!r}")
    return after


def bin_width_of(bin_width: float, duration: float) -> float:
    width = _check.number("bin_width", bin_width, "a positive number of ms", lambda x: x > 0)
    if duration / width > _check.COUNTABLE:
        raise ValueError(f"bin_width must be at least duration / 2**53; got {bin_width!r} for {duration:g} ms")
    return width


def interval_of(every: int, sample_interval: float | None, duration: float, dt: float, adaptive: bool) -> float:
    """The time between samples, ms."""
    every = _check.whole("every", every, 1)
    if sample_interval is None:
        return (
            min(every, int(min(duration / dt, _check.COUNTABLE)) + 2) * dt
        )  # within the range of the kernel's numbers
    if every != 1:
        raise ValueError(f"give every or sample_interval, not both; got {every} and {sample_interval}")
    interval = _check.number("sample_interval", sample_interval, "a positive number of ms", lambda x: x > 0)
    if adaptive:
        return interval
    if interval / dt > _check.COUNTABLE:
        raise ValueError(f"sample_interval must be at most 2**53 steps of dt; got {sample_interval!r}")
    steps = round(interval / dt)
    if steps < 1 or abs(steps * dt - interval) > 1e-9 * interval:
        raise ValueError(f"sample_interval must be a multiple of dt = {dt:g} ms; got {sample_interval!r}")
    return interval
