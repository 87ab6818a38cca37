"""Every compiler flag, and the on-disk cache of compiled kernels.

No ``fastmath`` anywhere: contraction is spelled out with :func:`fastneuron._kernel.lanes.fma`, so the bits of a result
are decided by the source and not by the compiler, the vector width or the machine.  The price is below 4 % (RK4 on
Morris-Lecar: 52.8 instead of 54.5 million neuron-steps/s on one Zen 3 core).  ``forceinline`` on every scalar helper:
without it the right-hand side stays a call and nothing vectorises (13.8 instead of 106 on Zen 4).

The cache answers two failings of Numba's own, both measured: an edit in a *called* function or in the flags keeps
hitting the old kernel, and two processes that compile different signatures at once can swap their files.  Here a file
is named by everything that decides its content, the sources of the whole package included, so it can never be stale.
"""

import contextlib
import functools
import hashlib
import os
import pickle
import re
import shutil
import stat
import sys
import tempfile
import types as python_types
import warnings
from importlib import import_module
from pathlib import Path

import llvmlite
import numba
import numpy as np
from numba import types
from numba.core.caching import _Cache
from numba.core.compiler import CompileResult
from numba.core.extending import _Intrinsic
from numba.core.runtime import rtsys
from numba.core.serialize import dumps
from numba.extending import intrinsic, overload

from .compiler import WideVectors
from .inner import INNER, Inner, chosen_by_types
from .replacing import replacing

if numba.config.DISABLE_JIT:  # type: ignore[attr-defined]
    raise ImportError("fastneuron is compiled by Numba, which NUMBA_DISABLE_JIT=1 turns off: unset it")


FLAGS = {
    "error_model": "numpy",
    "boundscheck": False,
    "fastmath": False,
    "no_cfunc_wrapper": True,
    "pipeline_class": WideVectors,
    # no reference is counted, hence no array made: 86 instead of 143 ns per net input of a perceptron with 784 inputs,
    # and a tenth less to compile
    "_nrt": False,
}
ALLOCATING = FLAGS | {"_nrt": True}

PACKAGE = Path(__file__).parent.parent
DIGEST = 32  # bytes of a SHA-256
GENERATIONS_KEPT = 8  # caches of older sources in the same folder; about 0.3 MB each


def _tell_apart(function):
    """Give a lambda, or a function made inside another, a name by what it does, before it is compiled.

    Two of one name and with arguments of the same types may be one symbol where kernels come from the caches of several
    processes, and then one of them runs in the place of the other.
    """
    if "<" in function.__qualname__:
        enclosed = []
        for cell in function.__closure__ or ():
            value = getattr(cell.cell_contents, "py_func", cell.cell_contents)
            named = hasattr(value, "__qualname__") and hasattr(value, "__module__")
            enclosed.append(f"{value.__module__}.{value.__qualname__}" if named else repr(value))
        code = function.__code__
        content = repr((code.co_code, code.co_names, _constants(code), enclosed, function.__defaults__))
        function.__qualname__ += f" {hashlib.sha256(content.encode()).hexdigest()[:16]}"


def _inner(function, **options):
    _tell_apart(function)
    return Inner(function, options)


class _Mirrored(_Intrinsic):  # type: ignore[misc]
    def __call__(self, *arguments):
        with np.errstate(all="ignore"):
            return self.mirror(*arguments)


def in_python(mirror):
    """Let Python call an intrinsic: what it gives there, of floats and arrays."""

    def decorate(intrinsic):
        intrinsic.__class__, intrinsic.mirror = _Mirrored, mirror
        return intrinsic

    return decorate


def inline(function, flags=FLAGS):
    """Compile a scalar helper that always melts into its caller."""
    return _inner(function, forceinline=True, **flags)


def helper(function):
    """Compile a function that is called by a kernel, and melts into what melts into its caller."""
    return _inner(function, **FLAGS)


def specialises(function, flags=FLAGS):
    """Register what chooses the code of a function from the types of all its arguments.

    The function may be a generic one, or one of Python's that is to mean something in kernels.
    """
    if hasattr(function, "by_type"):
        return functools.partial(setattr, function, "by_type")
    return overload(function, jit_options={"forceinline": True, **flags, **INNER})


def generic(function, flags=FLAGS):
    """Make a function generic: the code is that which the class of the first argument has under the function's name.

    Where the class has none, or the argument is None, the function's own body is the code; where it is a plain tuple,
    what is registered by `for_tuples` or `for_members`.  What is registered by `specialises` comes before all that.  In
    Python a call runs the body.
    """
    function.by_type = function.for_members = None

    def choose(first, *others):
        if function.by_type is not None:
            return function.by_type(first, *others)
        if isinstance(first, types.BaseTuple) and not isinstance(first, types.BaseNamedTuple) and len(first):
            if function.for_members is None:
                return function.for_tuples
            return function.for_members if any(_has(member, function.__name__) for member in first) else function
        return getattr(getattr(first, "instance_class", None), function.__name__, function)

    chosen_by_types(function, choose, forceinline=True, **flags)
    return function


def _has(kind, name):
    return not isinstance(kind, types.BaseNamedTuple) or hasattr(kind.instance_class, name)


def for_tuples(generic):
    """Register the code of a generic function for a tuple, which is not empty, as its first argument."""
    return functools.partial(setattr, generic, "for_tuples")


def for_members(generic):
    """Register the same where it asks one member after the other; a tuple of which none has the function is as empty.

    So a current of two parts compiles 48 functions instead of 54.
    """
    return functools.partial(setattr, generic, "for_members")


def kernel(function, flags=FLAGS):
    """Compile an entry point: releases the GIL, cached on disk."""
    dispatcher = numba.njit(nogil=True, **flags)(function)
    dispatcher._cache = KernelCache(function)
    return dispatcher


def outlined(function, flags=FLAGS):
    """Compile a function that is called, whoever calls it; with `noinline` in its body, LLVM never copies it there."""
    return _inner(function, forceinline=False, **flags)  # said aloud, or an inlined caller hands it down


@intrinsic
def noinline(typingctx):
    """Forbid to inline the function that calls this: it is then optimised once, not at every place that calls it."""

    def codegen(context, builder, signature, args):
        builder.function.attributes.add("noinline")
        return context.get_dummy_value()

    return types.void(), codegen


def inline_ast(function, flags=FLAGS):
    """Compile a function as lines of its callers: to optimise it by itself first took 0.3 s of a kernel's 1.4."""
    return _inner(function, inline="always", **flags)


# for kernels that make arrays; what they call hands back none
allocating_kernel = functools.partial(kernel, flags=ALLOCATING)


def _fingerprint():
    paths = [os.path.join(folder, name) for folder, _, names in os.walk(PACKAGE) for name in names]
    digest = hashlib.sha256(f"{numba.__version__} {llvmlite.__version__} {sys.version}".encode())
    for path in sorted(path for path in paths if path.endswith(".py")):  # `pathlib` takes 10 ms longer
        with open(path, "rb") as file:
            digest.update(path[len(str(PACKAGE)) :].encode() + b"\0" + file.read() + b"\0")
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

    The first writable one of ``$NUMBA_CACHE_DIR``, the package's own ``__pycache__`` and the user's cache folder,
    unless somebody else could write there too: a cached kernel is code, and whoever could write it could run it.
    """
    wanted = os.environ.get("NUMBA_CACHE_DIR")
    for parent in ([Path(wanted)] if wanted else []) + [PACKAGE / "__pycache__", _user_cache() / "fastneuron"]:
        folder = parent / f"kernels-{FINGERPRINT}"
        try:
            parent.mkdir(parents=True, exist_ok=True)
            folder.mkdir(mode=0o700, exist_ok=True)
            if not (stat.S_ISDIR(folder.lstat().st_mode) and _ours_alone(folder.lstat())):
                continue
            tempfile.TemporaryFile(dir=folder).close()
        except (OSError, RuntimeError):  # RuntimeError: no home folder to expand
            continue
        _sweep(parent)
        return folder
    warnings.warn(
        "fastneuron found no folder that it alone may write its compiled kernels to, so every process compiles them "
        "anew (about 2 s each); set NUMBA_CACHE_DIR to a writable folder of your own",
        RuntimeWarning,
        stacklevel=2,
    )
    return None


def _ours_alone(status):
    """Whether a file belongs to this user, and nobody else may write it."""
    owned = not hasattr(os, "geteuid") or status.st_uid == os.geteuid()
    return owned and (os.name == "nt" or not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH))


def _sweep(parent):
    """Remove the oldest of our folders of kernels, and nothing that another program or user might own."""
    found = []
    for path in parent.glob("kernels-*"):
        with contextlib.suppress(OSError):  # another process has swept it
            status = path.lstat()
            if re.fullmatch("kernels-[0-9a-f]{16}", path.name) and stat.S_ISDIR(status.st_mode) and _ours_alone(status):
                found.append((status.st_mtime, path))
    for _, path in sorted(found, reverse=True)[GENERATIONS_KEPT:]:
        shutil.rmtree(path, ignore_errors=True)


def _describe(numba_type):
    # repr() of a NamedTuple's type leaves out the module, and two models may share a name
    if isinstance(numba_type, types.BaseNamedTuple):
        owner = numba_type.instance_class
        fields = ", ".join(map(_describe, numba_type.types))
        return f"{owner.__module__}.{owner.__qualname__}({fields})"
    if isinstance(numba_type, types.BaseTuple):
        return f"({', '.join(map(_describe, numba_type.types))})"
    return repr(numba_type)


def _constants(code):
    return [_constants(value) if isinstance(value, python_types.CodeType) else value for value in code.co_consts]


def _supply(code, target_context):
    """Set up what machine code refers to, and Numba does not before it compiles; LLVM ends the process without it."""
    if b"NRT_" in code:  # it makes arrays
        rtsys.initialize(target_context)
    if b"_numba_hashsecret_" in code:  # it hashes text
        import_module("numba.cpython.hashing")


class KernelCache(_Cache):
    """One file per kernel and signature, written whole or not at all: the SHA-256 of a pickle, and the pickle."""

    def __init__(self, function):
        code = function.__code__
        self.name = function.__name__
        self.code = function.__module__, function.__qualname__, code.co_code, code.co_names, _constants(code)
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
        """A kernel that is in the cache, without all that it takes to compile one, 0.3 s; or None."""
        if not self.enabled or cache_folder() is None:
            return None
        try:
            with self._path(sig, target_context.codegen()).open("rb") as file:
                digest, payload = file.read(DIGEST), file.read()
                trusted = _ours_alone(os.fstat(file.fileno()))
        except OSError:
            return None
        if not trusted or hashlib.sha256(payload).digest() != digest:  # a pickle runs what is written in it
            return None
        _supply(payload, target_context)
        return CompileResult._rebuild(target_context, *pickle.loads(payload))

    def save_overload(self, sig, data):
        if not self.enabled or cache_folder() is None or data.library.has_dynamic_globals:
            return
        if _fingerprint() != FINGERPRINT:  # an edit since the import: what was imported behind it is of other sources
            return
        payload = dumps(data._reduce())
        # a full disk or a folder swept away costs the next process a compilation, not this one its run
        with contextlib.suppress(OSError), replacing(self._path(sig, data.codegen), 0o600) as file:
            file.write(hashlib.sha256(payload).digest() + payload)
