"""A jump of the voltage."""

from typing import Any, ClassVar

from .receptor import Receptor


class Delta(Receptor):
    """A jump of the voltage by the weight, at the spike's own time.

    Inside a step the jump is spread over the stages with the right sum and the right centre: the error falls as dt^2
    where jumps are small, and as dt where one changes how fast the voltage moves.
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
