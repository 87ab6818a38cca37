"""What every kernel is made of; it knows nothing of neurons or layers.

How a class becomes machine code
--------------------------------
A kernel is written once, for all models, methods and inputs.  It never gets an object: it gets NamedTuples, and Numba
compiles it anew for each combination of their *types*.  So a class is chosen by a type, while the kernel is compiled,
and costs nothing while it runs::

    class MorrisLecar(Model):                     what a user writes: parameters, and formulas in scalar arithmetic
        g_Ca: float = 4.4
        def derivative(V, N, I, p): ...
             |
             |  Parametrised.kernel_type()        function_hash: a text of all that the formulas do
             v
    MorrisLecar_3f9c...(g_Ca=0.0, ...)            a NamedTuple named by that hash; its values are never read
             |
             |  a kernel is called with it        jit.kernel: in the cache on disk?  Then no more is done
             v
    derivative(model_type, state, I, ...)         jit.generic, jit.specialises: the type selects the code, the
             |                                    formula, compiled by jit.inline and melted into its caller
             v
    for lane in range(width(lanes)):              lanes: a literal number of lanes, so LLVM knows the trip count;
        y = take(state_type, start, lane)         small arrays on the stack, of which a lane is a column
        put(end, lane, axpy(dt, k, y))            no call, no branch, no allocation is left in the loop
             |
             |  LLVM, vectors of 512 bits         no fastmath: every fma is written down, so bits are the source's
             v
    vfmadd213pd zmm0, zmm1, ...                   one instruction, eight neurons

What a class must offer is said where its generic functions are: `fastneuron.models.model`, `fastneuron.inputs.port`,
`fastneuron._integrators.fixed_step`, `fastneuron.perceptron.rules`.  A class changed is another hash, hence another
type, hence another kernel; what changes in this package is in the cache's key as well, so no kernel is ever stale.

Parts: `jit` (flags, decorators, cache), `inner` (what only kernels call), `passes`, `lowering`, `calls` and `compiler`
(from bytecode to machine code), `lanes`, `stack` and `simd` (vectors, as arrays of lanes and as values), `scalars`,
`elementary` (exp and its kin, as polynomials), `random` and `counts` (by counter), `columns`, `views` and `addresses`
(memory), `replacing` (a file written whole), `threads`, `worker_pool`, `team` and `atomics` (cores), `function_hash`.
"""
