"""How initial weights are drawn: as suits the function that the layer feeds."""

import numpy as np


def glorot(generator, shape):
    """Glorot & Bengio (2010): uniform with variance 2 / (inputs + outputs)."""
    bound = np.sqrt(6 / sum(shape))
    return generator.uniform(-bound, bound, shape)


def he(generator, shape, power=1.0):
    """He et al. (2015): normal with variance 2 / inputs, over `power` where more than half of the variance passes."""
    return generator.normal(0, np.sqrt(2 / shape[0] / power), shape)


def lecun(generator, shape):
    """LeCun et al. (1998): normal with variance 1 / inputs."""
    return generator.normal(0, np.sqrt(1 / shape[0]), shape)
