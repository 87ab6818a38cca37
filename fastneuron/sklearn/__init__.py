"""The layers and networks as scikit-learn estimators (extra ``sklearn``)."""

try:
    import sklearn as sklearn
except ImportError:
    raise ImportError("fastneuron.sklearn needs scikit-learn: pip install scikit-learn") from None

from .mlp import MLPClassifier, MLPRegressor
from .perceptron import PerceptronClassifier

__all__ = ["MLPClassifier", "MLPRegressor", "PerceptronClassifier"]
