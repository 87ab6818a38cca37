"""Every compiler flag, and the on-disk cache of compiled kernels.

No ``fastmath`` anywhere: contraction is spelled out with :func:`fastneuron._kernel.lanes.fma`, so the bits of a result
are decided by the source and not by the compiler, the vector width or the machine.  The price is below 4 % (RK4 on
Morris-Lecar: 52.8 instead of 54.5 million neuron-steps/s on one Zen 3 core).  ``forceinline`` on every scalar helper:
without it the right-hand side stays a call and nothing vectorises (13.8 instead of 106 on Zen 4).

The cache answers two failings of Numba's own, both measured: an edit in a *called* function or in the flags keeps
hitting the old kernel, and two processes that compile different signatures at once can swap their files.  Here a file
is named by everything that decides its content, the sources of the whole package included, so it can never be stale.
"""

import functools
import hashlib
import os
import pickle
import shutil
import sys
import tempfile
import uuid
import warnings
from pathlib import Path

import llvmlite
import numba
from numba import types
from numba.core.caching import _Cache
from numba.core.compiler import CompilerBase, CompileResult, DefaultPassBuilder
from numba.core.compiler_machinery import register_pass
from numba.core.lowering import Lower
from numba.core.serialize import dumps
from numba.core.typed_passes import NativeLowering
from numba.extending import overload


def wide(function):
    """Let LLVM use the widest vectors in one of its functions."""
    set.add(function.attributes, '"prefer-vector-width"="512"')  # llvmlite's own `add` knows no such thing


class _WideLower(Lower):
    def setup_function(self, fndesc):
        super().setup_function(fndesc)
        wide(self.function)


@register_pass(mutates_CFG=True, analysis_only=False)
class _WideLowering(NativeLowering):
    _name = "fastneuron_wide_lowering"
    lowering_class = _WideLower


class WideVectors(CompilerBase):
    """Numba's compiler, with the widest vectors there are.

    LLVM keeps to half of AVX-512 on Intel's processors (RK4 on Morris-Lecar: 143 instead of 104 million neuron-steps/s
    on one Sapphire Rapids core, DOP853 525 instead of 272), because its first generation slowed its clock for them.
    """

    def define_pipelines(self):
        """Numba's own, the lowering replaced."""
        pipeline = DefaultPassBuilder.define_nopython_pipeline(self.state)
        pipeline.passes = [(_WideLowering if step is NativeLowering else step, name) for step, name in pipeline.passes]
        pipeline.finalize()
        return [pipeline]


FLAGS = {
    "error_model": "numpy",
    "boundscheck": False,
    "fastmath": False,
    "no_cfunc_wrapper": True,
    "pipeline_class": WideVectors,
}
BARE = FLAGS | {"_nrt": False}  # no reference counts, hence no allocation: for arrays in tuples in inner loops
# of what compiled code alone calls; without wrappers a first run compiles for 2.5 instead of 4.2 s
INNER = {"no_cpython_wrapper": True}

PACKAGE = Path(__file__).parent.parent
GENERATIONS_KEPT = 8  # caches of older sources in the same folder; about 0.3 MB each


def inline(function, flags=FLAGS):
    """Compile a scalar helper that always melts into its caller; Python must not call it."""
    return numba.njit(forceinline=True, **flags, **INNER)(function)


def helper(function):
    """Compile a function that is called, not melted in: for code that a kernel needs in several places."""
    return numba.njit(**FLAGS, **INNER)(function)


def specialises(generic, flags=FLAGS):
    """Register an implementation of a generic function, chosen by the types of its arguments."""
    return overload(generic, jit_options={"forceinline": True, **flags, **INNER})


def kernel(function, flags=FLAGS):
    """Compile an entry point: releases the GIL, cached on disk."""
    dispatcher = numba.njit(nogil=True, **flags)(function)
    dispatcher._cache = KernelCache(function)
    return dispatcher


def spliced(function, flags=FLAGS):
    """Compile a function as lines of its callers: to optimise it by itself first took 0.3 s of a kernel's 1.4."""
    return numba.njit(inline="always", **flags, **INNER)(function)


# the same without reference counts: 86 instead of 143 ns per net input of a perceptron with 784 inputs
bare_inline = functools.partial(inline, flags=BARE)
bare_specialises = functools.partial(specialises, flags=BARE)
bare_kernel = functools.partial(kernel, flags=BARE)
bare_spliced = functools.partial(spliced, flags=BARE)


def _fingerprint():
    digest = hashlib.sha256(f"{numba.__version__} {llvmlite.__version__} {sys.version}".encode())
    for path in sorted(PACKAGE.rglob("*.py")):
        digest.update(str(path.relative_to(PACKAGE)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


FINGERPRINT = _fingerprint()  # at import: these are the sources that this process runs


def _user_cache():
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", "~")).expanduser()
    if sys.platform == "darwin":
        return Path("~/Library/Caches").expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()


@functools.cache
def cache_folder():
    """The folder of compiled kernels: a ``Path``, or None where none can be written.

    The first writable one of ``$NUMBA_CACHE_DIR``, the package's own ``__pycache__`` and the user's cache folder.
    Never a shared temporary folder: a cached kernel is code, and whoever could write it could run it.
    """
    wanted = os.environ.get("NUMBA_CACHE_DIR")
    for parent in ([Path(wanted)] if wanted else []) + [PACKAGE / "__pycache__", _user_cache() / "fastneuron"]:
        folder = parent / f"kernels-{FINGERPRINT}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            tempfile.TemporaryFile(dir=folder).close()
        except (OSError, RuntimeError):  # RuntimeError: no home folder to expand
            continue
        older = sorted(parent.glob("kernels-*"), key=lambda path: path.stat().st_mtime, reverse=True)
        for path in older[GENERATIONS_KEPT:]:
            shutil.rmtree(path, ignore_errors=True)
        return folder
    warnings.warn(
        "fastneuron found no folder it may write its compiled kernels to, so every process compiles them anew "
        "(about 2 s each); set NUMBA_CACHE_DIR to a writable folder",
        RuntimeWarning,
        stacklevel=2,
    )
    return None


def _describe(numba_type):
    # repr() of a NamedTuple's type leaves out the module, and two models may share a name
    if isinstance(numba_type, types.BaseNamedTuple):
        owner = numba_type.instance_class
        fields = ", ".join(map(_describe, numba_type.types))
        return f"{owner.__module__}.{owner.__qualname__}({fields})"
    if isinstance(numba_type, types.BaseTuple):
        return f"({', '.join(map(_describe, numba_type.types))})"
    return repr(numba_type)


class KernelCache(_Cache):
    """One file per kernel and signature, written whole or not at all."""

    def __init__(self, function):
        self.name = function.__name__
        self.code = function.__code__.co_code
        self.enable()

    @property
    def cache_path(self):
        return cache_folder()

    def enable(self):
        self.enabled = True

    def disable(self):
        self.enabled = False

    def flush(self):
        for path in cache_folder().glob(f"{self.name}-*") if cache_folder() else ():
            path.unlink(missing_ok=True)

    def _path(self, signature, codegen):
        key = (
            self.code,
            ", ".join(map(_describe, signature.args if hasattr(signature, "args") else signature)),
            codegen.magic_tuple(),
        )
        return cache_folder() / f"{self.name}-{hashlib.sha256(repr(key).encode()).hexdigest()[:24]}.kernel"

    def load_overload(self, sig, target_context):
        target_context.refresh()
        if not self.enabled or cache_folder() is None:
            return None
        try:
            payload = pickle.loads(self._path(sig, target_context.codegen()).read_bytes())
        except (OSError, EOFError, pickle.UnpicklingError):
            return None
        return CompileResult._rebuild(target_context, *payload)

    def save_overload(self, sig, data):
        if not self.enabled or cache_folder() is None or data.library.has_dynamic_globals:
            return
        path = self._path(sig, data.codegen)
        partial = path.with_suffix(f".{uuid.uuid4().hex}")
        try:
            partial.write_bytes(dumps(data._reduce()))
            os.replace(partial, path)
        except OSError:  # a full disk or a folder swept away costs the next process a compilation, not this one its run
            partial.unlink(missing_ok=True)
