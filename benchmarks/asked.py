"""What a part of `peers` is asked for, and the machine that it runs on."""

from __future__ import annotations

import platform
import sys
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import fastneuron as fn
from fastneuron._kernel import threads as _threads


class Asked(NamedTuple):
    """How to measure.

    Attributes
    ----------
    quick : bool
        Small and once: shows that it runs.
    pythons : dict of str
        The interpreter of each contender that has an environment of its own, by its file in `contenders`.
    only : collection of str
        The contenders wanted; none means all.
    """

    quick: bool = False
    pythons: Mapping[str, str] = {}
    only: Collection[str] = ()

    def wants(self, file: str) -> bool:
        """Whether that contender is one of those wanted."""
        return not self.only or file in self.only

    def python(self, file: str) -> str:
        """The interpreter of a contender."""
        return self.pythons.get(file, sys.executable)

    def tell(self, what: str) -> None:
        """Say what is being done."""
        print(what, file=sys.stderr, flush=True)


def machine() -> dict[str, Any]:
    """Where and when."""
    import numba
    from llvmlite import binding

    name = platform.processor()
    if Path("/proc/cpuinfo").exists():
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        name = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), name)
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "processor": f"{name} ({binding.get_host_cpu_name()})",
        "cores": _threads.available(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "numpy": np.__version__,
        "numba": numba.__version__,
        "fastneuron": fn.__version__,
    }


def where(it: Mapping[str, Any]) -> str:
    """A machine in a sentence."""
    return (
        f"Measured on {it['date']}: {it['processor']}, {counted(it['cores'], 'core')}, {it['system']}, "
        f"Python {it['python']}, NumPy {it['numpy']}, Numba {it['numba']}, fastneuron {it['fastneuron']}."
    )


def counted(number: int, noun: str) -> str:
    """A number of things."""
    return f"{number:,} {noun}{'s' if number > 1 else ''}"


def spread(x: np.ndarray, digits: int) -> str:
    """Mean and standard deviation; of a single number itself."""
    return f"{x.mean():.{digits}f}" + (f" ± {x.std(ddof=1):.{digits}f}" if x.size > 1 else "")
