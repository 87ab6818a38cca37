"""Second opinions in NumPy on what the kernels compute; they share no code with them."""

import numpy as np

MASK = np.uint64(0xFFFFFFFF)


def philox(counter, key):
    """Philox4x32-10 of arrays of words: Salmon et al. (2011), section 3.3, in unsigned arithmetic."""
    x = [np.asarray(word, np.uint64) for word in counter]
    k = [np.asarray(word, np.uint64) for word in key]
    for number in range(10):
        if number:
            k = [(word + np.uint64(bump)) & MASK for word, bump in zip(k, (0x9E3779B9, 0xBB67AE85), strict=True)]
        first, second = x[0] * np.uint64(0xD2511F53), x[2] * np.uint64(0xCD9E8D57)
        x = [(second >> 32) ^ x[1] ^ k[0], second & MASK, (first >> 32) ^ x[3] ^ k[1], first & MASK]
    return x


def normal(seed, stream, neuron, step):
    """The standard normal numbers of arrays of neurons and steps: Box & Muller (1958) on two numbers of 52 bits."""
    neuron, step = (np.asarray(x, np.uint64) for x in np.broadcast_arrays(neuron, step))
    last = (neuron >> 32) | np.uint64(stream << 16)
    w = philox((step & MASK, step >> 32, neuron & MASK, last), (seed & 0xFFFFFFFF, seed >> 32))
    high, low = (
        (a.astype(np.float64) * 2.0**20 + (b >> 12).astype(np.float64)) / 2.0**52 for a, b in (w[:2], w[2:])
    )  # exact: whole numbers below 2**52
    return np.sqrt(-2.0 * np.log(1.0 - high)) * np.cos(2.0 * np.pi * low)


def staggered(derivative, y, dt, steps):
    """The staggered scheme, by its definition: the states (D, n) after each step, (steps + 1, D, n).

    `derivative` is of (V, *others); the linear equations are solved exactly as such, by their coefficients.
    """
    states = [np.array(y, float)]
    for _ in range(steps):
        V, *x = states[-1]
        middle = V + dt / 2 * derivative(V, *x)[0]
        before = derivative(middle, *x)[1:]
        free = [derivative(middle, *x[:k], 0 * V, *x[k + 1 :])[k + 1] for k in range(len(x))]
        decay = [a - derivative(middle, *x[:k], 0 * V + 1, *x[k + 1 :])[k + 1] for k, a in enumerate(free)]
        new = [(u + dt * (a - b * u / 2)) / (1 + dt * b / 2) for u, a, b in zip(x, free, decay, strict=True)]
        for k, (u, b) in enumerate(zip(x, decay, strict=True)):  # the others decide too: the mean of before and after
            moved = derivative(middle, *new[:k], u, *new[k + 1 :])[k + 1]
            x[k] = new[k] + dt / 2 * (moved - before[k]) / (1 + dt * b / 2)
        slope = (derivative(middle + 1e-6, *x)[0] - derivative(middle - 1e-6, *x)[0]) / 2e-6
        states.append(np.array([middle + dt / 2 * derivative(middle, *x)[0] / (1 - dt / 2 * slope), *x]))
    return np.array(states)
