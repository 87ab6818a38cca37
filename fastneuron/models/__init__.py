"""The models: one file each."""

from .model import Model, derivative, prepare
from .morris_lecar import MorrisLecar

__all__ = ["Model", "MorrisLecar", "derivative", "prepare"]
