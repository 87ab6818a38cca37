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
