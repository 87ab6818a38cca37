"""How Numba's representation of a function becomes LLVM's."""

from collections import Counter

from llvmlite.ir import IRBuilder
from numba.core import ir
from numba.core.analysis import compute_cfg_from_blocks, compute_use_defs
from numba.core.lowering import Lower

from .calls import ByValue, declared


def wide(function):
    """Let LLVM use the widest vectors in one of its functions."""
    set.add(function.attributes, '"prefer-vector-width"="512"')  # llvmlite's own `add` knows no such thing


class WideLower(Lower):
    """Numba's own, with the widest vectors, and with fewer variables that have a place in memory."""

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

    def _find_singly_assigned_variable(self):
        if self.context.enable_nrt or self.generator_info is not None:
            super()._find_singly_assigned_variable()
        else:
            self._singly_assigned_vars, self._blk_local_varmap = assigned_before_use(self.blocks), {}


class PartLower(WideLower):
    """The same for a function that only compiled code calls."""

    @property
    def call_conv(self):
        """How it is called."""
        return ByValue(self.context)

    def setup_function(self, fndesc):
        self.function = declared(self.context, self.module, fndesc)
        self.entry_block = self.function.append_basic_block("entry")
        self.builder = IRBuilder(self.entry_block)
        self.call_helper = self.call_conv.init_call_helper(self.builder)
        wide(self.function)


def assigned_before_use(blocks):
    """The names of variables that get a value once, and before whatever uses it: they need no place in memory.

    Numba finds only those that no other block uses.
    """
    use_defs = compute_use_defs(blocks)
    times = Counter(one.target.name for block in blocks.values() for one in block.find_insts(ir.Assign))
    place = {name: label for label, names in use_defs.defmap.items() for name in names if times[name] == 1}
    dominators = compute_cfg_from_blocks(blocks).dominators()
    for label, names in use_defs.usemap.items():
        for name in names & place.keys():
            if not (place[name] < label and place[name] in dominators.get(label, ())):  # blocks are lowered in order
                del place[name]
    return set(place)
