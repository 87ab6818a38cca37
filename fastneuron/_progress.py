"""The progress bar of all that takes long."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from ._kernel.compiler import listeners

TIME = "{l_bar}{bar}| {n:.0f}/{total:.0f} ms [{elapsed}<{remaining}{postfix}]"


@contextmanager
def bar(
    wanted: bool,
    total: float | None,
    unit: str = "it",
    layout: str | None = None,
    speed: tuple[float, str] | None = None,
) -> Iterator[Callable[..., None]]:
    """A function ``tick(amount, note="", now=True)`` that moves a bar on; threads may share it.

    Parameters
    ----------
    wanted : bool
        False: nothing is shown.
    total : float or None
        The sum of all amounts; None where nobody knows.
    unit : str
        What an amount of 1 is.
    layout : str, optional
        Of the line, as tqdm has it.
    speed : (float, str), optional
        How many millions of what an amount of 1 is: shows how many are done in a second.

    Notes
    -----
    `note` is shown behind the bar, and that something is compiled until there is progress.  With ``now=False`` the
    amount was done before, by a run that this one goes on with: it does not count as speed.
    """
    if not wanted:
        yield lambda amount, note="", now=True: None
        return
    tqdm = _library()
    lock = threading.Lock()
    options = {} if layout is None else {"bar_format": layout}
    with tqdm(total=total or None, unit=unit, unit_scale=layout is None, mininterval=0.2, **options) as shown:
        done, compiling = 0.0, False

        def compile_begins() -> None:
            nonlocal compiling
            with lock:
                if not compiling:
                    compiling = True
                    shown.set_postfix_str("compiling")

        def tick(amount: float, note: str = "", now: bool = True) -> None:
            nonlocal done, compiling
            with lock:
                if not now:
                    shown.initial += amount  # for the time left
                done += amount * now
                elapsed = shown.format_dict["elapsed"]
                if speed is not None and elapsed > 0:
                    note = f"{done * speed[0] / elapsed:.1f} M {speed[1]}/s"
                if note or compiling:
                    shown.set_postfix_str(note, refresh=False)
                    compiling = False
                shown.update(min(amount, total - shown.n) if total else amount)  # rounded sums may be above the total

        listeners.add(compile_begins)
        try:
            yield tick
        finally:
            listeners.discard(compile_begins)


def _library() -> Any:
    """The bar of a notebook, which needs ipywidgets, or that of a terminal; or what to install."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "IProgress not found")  # in a notebook without ipywidgets: the other one does
        try:
            from tqdm.auto import tqdm
        except ImportError:
            raise ImportError("progress=True needs tqdm: pip install tqdm") from None
    return tqdm


def bar_of_run(wanted: bool, n: int, duration: float, dt: float) -> AbstractContextManager[Callable[..., None]]:
    """A bar of biological time: a function to call with each number of neuron-ms done, and False if done before."""
    return _bar_of_run(n, duration, dt) if wanted else NOTHING_SHOWN


NOTHING_SHOWN: AbstractContextManager[Callable[..., None]] = nullcontext(lambda neuron_ms, now=True: None)


@contextmanager
def _bar_of_run(n: int, duration: float, dt: float) -> Iterator[Callable[..., None]]:
    speed = (n / dt / 1e6, "neuron-steps")
    with bar(True, duration, layout=TIME, speed=speed) as tick:
        yield lambda neuron_ms, now=True: tick(neuron_ms / n, now=now)
