"""How Numba's compiler is used: a kernel is optimised once, whole, and with the widest vectors there are.

Numba makes machine code of every function that a kernel calls, with all that has melted into it, before it makes that
of the kernel; of a network's first result these took half of the time (28 s).  Here they stay what they are lowered to
until a kernel takes them in.
"""

import gc
from collections.abc import Callable

from llvmlite.binding import Linkage
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompilerBase, _LowerResult
from numba.core.compiler_machinery import register_pass
from numba.core.environment import lookup_environment
from numba.core.funcdesc import PythonFunctionDescriptor
from numba.core.targetconfig import ConfigStack
from numba.core.typed_passes import NativeLowering

from .calls import call_of, may_fail, short_name
from .lowering import PartLower, WideLower
from .passes import Passes, passes, settings

AT_ONCE = 200_000  # objects between two searches for garbage, about 50 MB

listeners: set[Callable[[], None]] = set()  # functions to call when something is compiled


class _Library(JITCodeLibrary):
    def _optimize_functions(self, ll_module):
        """Numba's own, which wastes time on functions that are only declared."""
        if not hasattr(self._codegen, "_pass_builder"):  # before Numba 0.62
            super()._optimize_functions(ll_module)
            return
        ll_module.data_layout = self._codegen._data_layout
        for function in ll_module.functions:
            if not function.is_declaration:
                manager, builder = self._codegen._function_pass_manager()
                manager.run(function, builder)


class _Part(_Library):
    """What compiled code alone calls: it waits for a kernel to take it in, and is no machine code by itself."""

    optimised = False  # by itself before

    def finalize(self):
        """Let others link it, each to a copy of its own."""
        if self.optimised:
            _link(self._final_module, self)
            self._linking_libraries = []
            self._optimize_final_module()
        for function in self._final_module.functions:
            if not function.is_declaration and function.linkage == Linkage.external:
                function.linkage = "linkonce_odr"
        self._finalized = True

    def _get_module_for_linking(self):
        """With all its parts, for code that is not ours."""
        if self._shared_module is None:
            self._shared_module = self._final_module.clone()
            _link(self._shared_module, self)
        return self._shared_module


class _Whole(_Library):
    """A kernel, which is optimised once, with all its parts."""

    def finalize(self):
        """Take the parts in, and make machine code."""
        _link(self._final_module, self)
        self._linking_libraries = []
        super().finalize()
        for variable in self._final_module.global_variables:
            if (environment := lookup_environment(variable.name)) is not None:  # of a part
                self._codegen.set_env(variable.name, environment)


def _link(module, library):
    """Link to a module all that a library stands on, callers first: what nobody calls yet is left out."""
    seen, order = set(), []

    def visit(library):
        for other in library._linking_libraries:
            if other not in seen:
                seen.add(other)
                if isinstance(other, _Part):
                    visit(other)
                order.append(other)

    visit(library)
    for other in reversed(order):
        if hasattr(library, "_reload_init"):  # not before Numba 0.62
            library._reload_init.update(other._reload_init)
        own = other._final_module if isinstance(other, _Part) else other._get_module_for_linking()
        module.link_in(own, preserve=True)


@register_pass(mutates_CFG=True, analysis_only=False)
class _WideLowering(NativeLowering):
    _name = "fastneuron_wide_lowering"
    lowering_class = WideLower

    def run_pass(self, state):
        if state.flags.no_cpython_wrapper:
            _lower_part(state)
            return True
        state.library = _Whole(state.targetctx.codegen(), state.func_id.func_qualname)
        state.library.enable_object_caching()
        return super().run_pass(state)


def _lower_part(state):
    """Lower what compiled code alone calls: it gets no environment and no entry, but a way to be called."""
    context, flags = state.targetctx, state.flags
    state.library = _Part(context.codegen(), state.func_id.func_qualname)
    state.library.optimised = state.pipeline.optimised
    description = PythonFunctionDescriptor.from_specialized_function(
        state.func_ir, state.typemap, state.return_type, state.calltypes, mangler=short_name,
        inline=flags.forceinline, noalias=flags.noalias, abi_tags=[flags.get_mangle_string()],
    )  # fmt: skip
    with context.push_code_library(state.library):
        lower = PartLower(context, state.library, description, state.func_ir, metadata=state.metadata)
        lower.lower()
    state.library.finalize()
    entry = object().__reduce__  # what Numba knows the function by: one of its own dispatchers wants a builtin
    call = call_of(description, state.library, may_fail(lower.function))
    context.insert_func_defn([(call, entry, description.argtypes)])
    state.cr = _LowerResult(description, lower.call_helper, cfunc=entry, env=lower.env)


_PASSES: dict[type, Passes] = {}  # of each compiler


class WideVectors(CompilerBase):
    """Numba's compiler, with the widest vectors there are.

    LLVM keeps to half of AVX-512 on Intel's processors (RK4 on Morris-Lecar: 143 instead of 104 million neuron-steps/s
    on one Sapphire Rapids core, DOP853 525 instead of 272), because its first generation slowed its clock for them.
    """

    optimised = False  # a helper by itself, before it melts into kernels

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.state.flags = settings(self.state.flags)

    def compile_extra(self, function):
        """Numba's own, with few searches for garbage: nearly all is in use, and they took a quarter of the time."""
        for listener in tuple(listeners):
            listener()
        before = gc.get_threshold()
        gc.set_threshold(before[0] and max(before[0], AT_ONCE), 1000, 1000)  # those that are kept are looked at once
        try:
            return super().compile_extra(function)
        finally:
            gc.set_threshold(*before)

    def define_pipelines(self):
        """One for all functions."""
        kind = type(self)
        if kind not in _PASSES:
            _PASSES[kind] = kind.passes(self.state)
            _PASSES[kind].finalize()
        return [_PASSES[kind]]

    @staticmethod
    def passes(state):
        """The passes that a function goes through."""
        return passes(state, _WideLowering)

    def _compile_core(self):
        """Numba's own, for one pipeline."""
        with ConfigStack().enter(self.state.flags):
            (pipeline,) = self.define_pipelines()
            pipeline.run(self.state)
        self.state.pipeline = None
        return self.state.cr


class Formulas(WideVectors):
    """The compiler of formulas, which may call what only LLVM can make simple, such as ``V**3``."""

    optimised = True
