"""A gap junction: a resistance between two neurons."""

from typing import Any, ClassVar

from .kind import CouplingKind


class GapJunction(CouplingKind):
    """A gap junction: ``I = weight (V_pre - V_post)``, in both directions unless the coupling says otherwise."""

    symmetric: ClassVar[bool] = True
    linear: ClassVar[bool] = True

    @staticmethod
    def current(V_post: Any, x_pre: Any, p: Any) -> Any:
        """Ohm's law."""
        return x_pre - V_post
