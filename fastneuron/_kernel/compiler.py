"""How Numba's compiler is used: a kernel is optimised once, whole, and with the widest vectors there are.

Numba makes machine code of every function that a kernel calls, with all that has melted into it, before it makes that
of the kernel; of a network's first result these took half of the time (28 s).  Here they stay what they are lowered to
until a kernel takes them in.
"""

import gc
from collections.abc import Callable

from llvmlite.binding import Linkage
from numba.core import ir
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompilerBase
from numba.core.compiler_machinery import register_pass
from numba.core.environment import lookup_environment
from numba.core.lowering import Lower
from numba.core.targetconfig import ConfigStack
from numba.core.typed_passes import NativeLowering

from .passes import Passes, passes, settings

AT_ONCE = 200_000  # objects between two searches for garbage, about 50 MB

listeners: set[Callable[[], None]] = set()  # functions to call when something is compiled


def wide(function):
    """Let LLVM use the widest vectors in one of its functions."""
    set.add(function.attributes, '"prefer-vector-width"="512"')  # llvmlite's own `add` knows no such thing


class _WideLower(Lower):
    def setup_function(self, fndesc):
        super().setup_function(fndesc)
        wide(self.function)

    def pre_lower(self):
        super().pre_lower()
        if not self.context.enable_nrt:  # Numba has a variable's place made where a reference ends, at the latest
            self.loc = self.defn_loc
            for block in self.blocks.values():
                for assignment in block.find_insts(ir.Assign):
                    self._alloca_var(assignment.target.name, self.typeof(assignment.target.name))


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

    def get_pointer_to_function(self, name):
        """None."""
        return 0

    @property
    def codegen(self):
        """What sets the environment of a function, which kernels have no use for."""
        return _NoEnvironment


class _NoEnvironment:
    @staticmethod
    def set_env(name, environment):
        """Code that is not there has none."""


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
    lowering_class = _WideLower

    def run_pass(self, state):
        kind = _Part if state.flags.no_cpython_wrapper else _Whole
        state.library = kind(state.targetctx.codegen(), state.func_id.func_qualname)
        state.library.optimised = state.pipeline.optimised
        state.library.enable_object_caching()
        return super().run_pass(state)


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
