"""The progress bar of a long run."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def bar(wanted: bool, n: int, duration: float, dt: float) -> Iterator[Callable[..., None]]:
    """A function to call with each number of neuron-ms done; it shows biological time, speed and time left.

    Its second argument is False for what was done before, by a run that this one goes on with: it does not count as
    speed.
    """
    if not wanted:
        yield lambda neuron_ms, now=True: None
        return
    try:
        from tqdm.auto import tqdm
    except ImportError:
        raise ImportError("progress=True needs tqdm: pip install 'fastneuron[progress]'") from None
    lock = threading.Lock()
    layout = "{l_bar}{bar}| {n:.0f}/{total:.0f} ms [{elapsed}<{remaining}{postfix}]"
    with tqdm(total=duration, bar_format=layout, mininterval=0.2) as shown:
        done = 0.0

        def tick(neuron_ms: float, now: bool = True) -> None:
            nonlocal done
            with lock:
                if not now:
                    shown.initial += neuron_ms / n  # for the time left
                done += neuron_ms * now
                elapsed = shown.format_dict["elapsed"]
                if elapsed > 0:
                    shown.set_postfix_str(f"{done / dt / elapsed / 1e6:.1f} M neuron-steps/s", refresh=False)
                shown.update(neuron_ms / n)

        yield tick
