"""A jump of the voltage."""

from typing import Any, ClassVar

from .receptor import Receptor


class Delta(Receptor):
    """A jump of the voltage by the weight, at the spike's own time.

    Inside a step the jump is spread over its stages with the right sum and the right centre, so that a run with
    fixed steps is of order 2.
    """

    weight_units: ClassVar = "mV"
    lasts: ClassVar = False

    @staticmethod
    def response(p: Any) -> Any:
        """Nothing lasts."""
        return ()

    @staticmethod
    def current(V: Any, g: Any, p: Any) -> Any:
        """No current flows."""
        return 0.0
