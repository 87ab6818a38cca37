"""The progress bar of a long run."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def bar(wanted: bool, n: int, duration: float, dt: float) -> Iterator[Callable[[float], None]]:
    """A function to call with each number of neuron-ms done; it shows biological time, speed and time left."""
    if not wanted:
        yield lambda neuron_ms: None
        return
    try:
        from tqdm.auto import tqdm
    except ImportError:
        raise ImportError("progress=True needs tqdm: pip install 'fastneuron[progress]'") from None
    lock = threading.Lock()
    layout = "{l_bar}{bar}| {n:.0f}/{total:.0f} ms [{elapsed}<{remaining}{postfix}]"
    with tqdm(total=duration, bar_format=layout, mininterval=0.2) as shown:
        done = 0.0

        def tick(neuron_ms: float) -> None:
            nonlocal done
            with lock:
                done += neuron_ms
                elapsed = shown.format_dict["elapsed"]
                if elapsed > 0:
                    shown.set_postfix_str(f"{done / dt / elapsed / 1e6:.1f} M neuron-steps/s", refresh=False)
                shown.update(neuron_ms / n)

        yield tick
