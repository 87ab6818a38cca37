"""The first Lyapunov coefficient: whether the cycle that begins at a Hopf point is stable."""

from __future__ import annotations

import numpy as np

from ..models import Model
from .jacobian import higher_order, linear, points


def critical(jacobian: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The frequencies (m,), rad/ms, and the eigenvectors (m, D) of the pairs nearest to the imaginary axis."""
    modes, vectors = np.linalg.eig(jacobian)
    own = np.argmin(np.where(modes.imag > 0, abs(modes.real), np.inf), axis=1)[:, np.newaxis]
    frequency = np.take_along_axis(modes.astype(complex), own, axis=1)[:, 0].imag
    return frequency, np.take_along_axis(vectors, own[:, np.newaxis], axis=2)[:, :, 0]


def first_lyapunov_coefficient(model: Model, state: np.ndarray, current: np.ndarray) -> np.ndarray:
    """That of Hopf points (D, m), negative where the cycle is stable: Kuznetsov (2004), eq. 5.34 (with 1 / 2 omega).

    The critical eigenvector q has the norm 1, in the states as they are.  Kuznetsov YA (2004). Elements of Applied
    Bifurcation Theory, 3rd edition, Springer.
    """
    at = points(model, state, current)
    A = linear(model, at).jacobian
    D = len(state)

    def along(direction: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The second and the third derivative along directions (m, D)."""
        out = np.empty((2, *state.shape))
        higher_order(at, np.ascontiguousarray(direction.T), out)
        return out[0].T, out[1].T

    def bilinear(u: np.ndarray, v: np.ndarray) -> np.ndarray:
        """B(u, v) of real u and v, by its values on the diagonal; both are brought to one size, or digits were lost."""
        sizes = [np.linalg.norm(w, axis=1, keepdims=True) + 1e-300 for w in (u, v)]
        plus, minus = (along(u / sizes[0] + sign * v / sizes[1])[0] for sign in (1.0, -1.0))
        return 0.25 * (plus - minus) * sizes[0] * sizes[1]

    omega, q = critical(A)
    left, lefts = np.linalg.eig(np.swapaxes(A, 1, 2))
    own = np.argmin(abs(left + 1j * omega[:, np.newaxis]), axis=1)
    p = np.take_along_axis(lefts.astype(complex), own[:, np.newaxis, np.newaxis], axis=2)[:, :, 0]
    p = p / np.conj((np.conj(p) * q).sum(axis=1, keepdims=True))

    a, b = q.real, q.imag
    (second_a, third_a), (second_b, third_b) = along(a), along(b)
    (second_plus, third_plus), (second_minus, third_minus) = along(a + b), along(a - b)
    B_ab = 0.25 * (second_plus - second_minus)
    C_abb = (third_plus + third_minus - 2.0 * third_a) / 6.0
    C_aab = (third_plus - third_minus - 2.0 * third_b) / 6.0
    cubic = third_a + C_abb + 1j * (C_aab + third_b)

    u = np.linalg.solve(A, (second_a + second_b)[..., np.newaxis])[..., 0]
    shifted = 2j * omega[:, np.newaxis, np.newaxis] * np.eye(D) - A
    w = np.linalg.solve(shifted, (second_a - second_b + 2j * B_ab)[..., np.newaxis])[..., 0]
    first = bilinear(a, u) + 1j * bilinear(b, u)
    c, d = w.real, w.imag
    second = bilinear(a, c) + bilinear(b, d) + 1j * (bilinear(a, d) - bilinear(b, c))
    return (np.conj(p) * (cubic - 2.0 * first + second)).sum(axis=1).real / (2.0 * omega)
