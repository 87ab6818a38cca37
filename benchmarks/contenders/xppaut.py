"""XPPAUT, by xpplab: one neuron after another."""

from collections.abc import Callable

import numpy as np
import xpplab

from ..tasks import Cycles

PACKAGE = "xpplab"
EQUATIONS = """
params iapp=100, v3=2
minf(v)=.5*(1+tanh((v+1.2)/18))
ninf(v)=.5*(1+tanh((v-v3)/30))
v'=(iapp+2*(-60-v)+8*w*(-84-v)-4.4*minf(v)*(v-120))/20
w'=.04*cosh((v-v3)/60)*(ninf(v)-w)
init v=-20,w=.1
@ TOTAL=1000,DT=.05,METH=rk4,BOUND=10000,MAXSTOR=200000
done
"""


def cycles(task: Cycles, threads: int) -> Callable[[], np.ndarray]:
    """RK4 at a step of 0.05 ms until the cycle is reached, then its adjoint: no multipliers."""
    model = xpplab.Model.from_text(EQUATIONS)

    def run() -> np.ndarray:
        for V3 in task.V3:
            model.set(v3=V3)
            found = model.phase_response(transient=1000.0)
        return np.array([found.period, max(found["V"])])

    return run
