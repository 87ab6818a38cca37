"""From bytecode to LLVM's language: Numba's passes, without what is idle in kernels.

Most of a network's first result was Numba's own Python, 60 ms for each of 200 functions: passes that look for closures,
for expressions of arrays and for the places where references end, where there are none, and what it notes of each pass.
"""

import types as python_types

from numba import types
from numba.core.compiler import DefaultPassBuilder, Flags
from numba.core.compiler_machinery import PassManager, _pass_registry, register_pass
from numba.core.errors import NumbaError
from numba.core.ir_utils import build_definitions
from numba.core.postproc import PostProcessor
from numba.core.ssa import reconstruct_ssa
from numba.core.transforms import canonicalize_cfg
from numba.core.typed_passes import (
    InlineOverloads,
    IRLegalization,
    NativeLowering,
    NopythonRewrites,
    PreLowerStripPhis,
)
from numba.core.untyped_passes import InlineClosureLikes, IRProcessing, ReconstructSSA


class Settings(Flags):
    """Numba's flags of a function, which do not change any more: equal ones are one object."""

    __slots__ = ("_mangled",)

    def __hash__(self):
        return hash(self._mangled)

    def __eq__(self, other):
        return self is other or (not isinstance(other, Settings) and super().__eq__(other))

    def copy(self):
        """Flags that may change."""
        return Flags(self)

    def get_mangle_string(self):
        """What names of functions end with."""
        return self._mangled


def settings(flags):
    """The `Settings` that are equal to the flags."""
    summary = flags.summary()
    if summary not in _KNOWN:
        _KNOWN[summary] = Settings(flags)
        _KNOWN[summary]._mangled = flags.get_mangle_string()
    return _KNOWN[summary]


_KNOWN: dict = {}


@register_pass(mutates_CFG=True, analysis_only=False)
class _Closures(InlineClosureLikes):
    _name = "fastneuron_closures"

    def run_pass(self, state):
        if any(isinstance(constant, python_types.CodeType) for constant in state.func_id.code.co_consts):
            return super().run_pass(state)
        return False


@register_pass(mutates_CFG=True, analysis_only=False)
class _ArrayExpressions(NopythonRewrites):
    _name = "fastneuron_array_expressions"

    def run_pass(self, state):
        made = (getattr(signature, "return_type", None) for signature in state.calltypes.values())
        return super().run_pass(state) if any(isinstance(kind, types.Array) for kind in made) else False


@register_pass(mutates_CFG=False, analysis_only=True)
class _Legal(IRLegalization):
    """Says where variables end only to who counts references."""

    _name = "fastneuron_legal"

    def run_pass(self, state):
        if state.flags.nrt or state.func_ir.is_generator:
            return super().run_pass(state)
        state.func_ir.blocks = canonicalize_cfg(state.func_ir.blocks)
        return True


def _canonical(function):
    """Numba's own end of a pass, without where variables end, for which there is no use: it was a twentieth of all."""
    if function.is_generator:
        PostProcessor(function).run()
    else:
        function.blocks = canonicalize_cfg(function.blocks)
        function.generator_info = None


@register_pass(mutates_CFG=True, analysis_only=False)
class _Processing(IRProcessing):
    _name = "fastneuron_processing"

    def run_pass(self, state):
        _canonical(state.func_ir)
        return True


@register_pass(mutates_CFG=True, analysis_only=False)
class _SingleAssignments(ReconstructSSA):
    _name = "fastneuron_single_assignments"

    def run_pass(self, state):
        state.func_ir = reconstruct_ssa(state.func_ir)
        self._patch_locals(state)
        state.func_ir._definitions = build_definitions(state.func_ir.blocks)
        _canonical(state.func_ir)
        return True


@register_pass(mutates_CFG=True, analysis_only=False)
class _NoPhis(PreLowerStripPhis):
    _name = "fastneuron_no_phis"

    def run_pass(self, state):
        if state.func_ir.is_generator:
            return super().run_pass(state)
        state.func_ir = self._strip_phi_nodes(state.func_ir)
        state.func_ir._definitions = build_definitions(state.func_ir.blocks)
        _canonical(state.func_ir)
        return True


class Passes(PassManager):
    """Passes in their order."""

    def run(self, state):
        """Numba's own, but that nothing is noted of them."""
        for kind, description in self.passes:
            step = _pass_registry.get(kind).pass_inst
            step.analysis = self._analysis
            try:
                step.run_pass(state)
            except NumbaError as error:
                self._patch_error(f"Failed in step: {description}", error)
                raise


def passes(state, lowering):
    """Numba's passes for compiled code, with `lowering` in the place of its own."""
    ours = {
        InlineClosureLikes: _Closures,
        IRProcessing: _Processing,
        ReconstructSSA: _SingleAssignments,
        PreLowerStripPhis: _NoPhis,
        NopythonRewrites: _ArrayExpressions,
        IRLegalization: _Legal,
        NativeLowering: lowering,
    }
    chosen = Passes("nopython")
    chosen.passes = [
        (ours.get(step, step), description)
        for step, description in DefaultPassBuilder.define_nopython_pipeline(state).passes
        if step is not InlineOverloads
    ]
    return chosen
