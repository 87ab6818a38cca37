"""``fastneuron info``: versions, cores, SIMD width, cache folder."""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import platform
import re
from typing import Any

import numpy as np

from .. import __version__, models
from .._kernel import threads as _threads
from .._simulate import simulate


def add(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> None:
    """Print what runs here."""
    from llvmlite import binding

    from .._kernel.jit import cache_folder

    print(f"fastneuron  {__version__}")
    print(f"Python      {platform.python_version()} on {platform.system()} {platform.machine()}")
    for package in ("numba", "llvmlite", "numpy", "scipy", "matplotlib", "tqdm"):
        print(f"{package:11} {_version(package)}")
    print(f"processor   {binding.get_host_cpu_name()}")
    print(f"cores       {_threads.available()} that this process may use, of {os.cpu_count()}")
    print(f"SIMD        {simd()}")
    print(f"cache       {cache_folder() or 'none: no folder is writable'}")


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def simd() -> str:
    """How wide the vectors are in which the compiled RK4 kernel multiplies and adds, from its machine code."""
    from .._integrators.fixed_step import integrate
    from .._kernel.jit import kernel

    simulate(models.MorrisLecar(), 0.05, current=np.zeros(4096))
    signature = next(known for known in integrate.signatures if "Lanes64" in str(known))
    afresh: Any = kernel(integrate.py_func)
    afresh._cache.disable()  # a kernel that is read back from the cache has lost its assembly
    afresh.compile(signature)
    assembly = afresh.inspect_asm(signature)
    widths = {"%zmm": "8 (512 bits)", "%ymm": "4 (256 bits)", "%xmm": "2 (128 bits)", ".2d": "2 (128 bits)"}
    packed = re.findall(r"\b(?:v?(?:fn?m(?:add|sub)\d*|mul|add|sub)pd\b.*?(%[xyz]mm)|fml[as]\s+v\d+(\.2d))", assembly)
    found = [x86 or arm for x86, arm in packed]
    for register, width in widths.items():
        if found.count(register) > 50:  # a stray one says nothing
            return f"{width} float64 at once; {found.count(register)} of {len(found)} packed operations in the kernel"
    return "none: the kernel is scalar"
