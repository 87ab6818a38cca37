"""Functions that only compiled code calls: how one is found, or compiled, for the types of a call's arguments."""

import functools
import types as python_types

import numba
import numpy as np
from numba import types
from numba.core.compiler_lock import global_compiler_lock
from numba.core.errors import NumbaError
from numba.core.registry import CPUDispatcher
from numba.core.sigutils import normalize_signature
from numba.core.typing import make_concrete_template
from numba.core.typing.templates import AbstractTemplate, infer, infer_global

ELEMENTWISE = {"min": np.minimum, "max": np.maximum}  # what Python's own do to numbers, NumPy's do to arrays too
INNER = {"no_cpython_wrapper": True}  # without them a first run compiles for 2.5 instead of 4.2 s


class Inner:
    """What compiled code calls; Python, for which there is no machine code, runs the source on floats and arrays.

    Numba's part of it, 0.1 ms, is made when compiled code first calls it: of the 200 that an import makes few ever are.
    """

    def __init__(self, function, options):
        functools.update_wrapper(self, function)
        self.py_func = function
        self.targetoptions = options | INNER

    def __call__(self, *arguments):
        """What a kernel would get, but for rounding: a fused multiply-add is two operations here."""
        with np.errstate(all="ignore"):
            return self._in_python(*arguments)

    def __reduce__(self):
        return self.__qualname__

    @functools.cached_property
    def _in_python(self):
        source = self.py_func
        scope = source.__globals__ | ELEMENTWISE
        return python_types.FunctionType(
            source.__code__, scope, source.__name__, source.__defaults__, source.__closure__
        )

    def source_for(self, args, kws):
        """The function whose code is compiled for arguments of these types."""
        return self.py_func

    @functools.cached_property
    def dispatcher(self):
        """What Numba calls by its types."""
        made = numba.njit(**self.targetoptions)(self.py_func)
        made.__class__ = _Dispatcher
        made._compiler._get_implementation = self.source_for
        return made

    @property
    def _numba_type_(self):
        return types.Dispatcher(self.dispatcher)


class _Dispatcher(CPUDispatcher):
    @functools.cached_property
    def _calls(self):
        return {}

    def get_call_template(self, args, kws):
        """How a call is typed: by the kinds of its arguments, or by their values where it must be.

        Numba compiles anew for each number that is written in a call; where the code melts, LLVM knows it anyway.
        """
        signature, args = self._compiler.fold_argument_types(args, kws)
        melts = self.targetoptions.get("forceinline")  # without what stays a call RK4 takes 12 % longer
        kinds = tuple(map(types.unliteral, args)) if melts else args
        try:
            return self._template(kinds), signature, kinds, {}
        except NumbaError:
            if kinds == args:
                raise
            return self._template(args), signature, args, {}

    def _template(self, args):
        if args not in self._calls:
            self.compile(args)
            name = self.py_func.__name__
            signatures = [self.overloads[args].signature]
            self._calls[args] = make_concrete_template(f"CallTemplate({name})", key=name, signatures=signatures)
        return self._calls[args]

    def compile(self, sig):
        """Numba's own, without its clocks: each function listens to those of all that it calls."""
        args, return_type = normalize_signature(sig)
        with global_compiler_lock, self._compiling_counter:
            if args not in self.overloads:
                self.overloads[args] = self._compiler.compile(args, return_type)
            return self.overloads[args].entry_point


class _Choice(AbstractTemplate):
    """How a call of a function is typed whose code is chosen by the types of its arguments."""

    def generic(self, args, kws):
        key = args, tuple(kws.items())
        if key not in self.chosen:
            code = self.choose(*args, **kws)
            if code is not None and code not in self.compiled:
                self.compiled[code] = Inner(code, self.options).dispatcher
            self.chosen[key] = self.compiled.get(code)
        if self.chosen[key] is None:
            return None
        signature = types.Dispatcher(self.chosen[key]).get_call_type(self.context, args, kws)
        self.implementations[signature.args] = self.chosen[key].get_overload(signature.args)
        return signature

    def get_impl_key(self, sig):
        return self.implementations[sig.args]


def chosen_by_types(function, choose, **options):
    """Let compiled code call a function, with the code that `choose` gives for the types of the arguments."""
    content = {
        "key": function,
        "choose": staticmethod(choose),
        "options": options,
        "chosen": {},
        "compiled": {},
        "implementations": {},
    }
    template = type(f"Choice({function.__name__})", (_Choice,), content)
    infer(template)
    infer_global(function, types.Function(template))
