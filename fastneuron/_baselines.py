"""What one would write without this package, to be measured against: Morris-Lecar, Hopf set, in Numba and in SciPy."""

import math

import numba
import numpy as np


@numba.njit(fastmath=True, nogil=True)  # the flag is the rival's, and its best
def numba_rk4(V, N, current, dt, steps, count):
    """Straightforward RK4, neuron by neuron; V and N (n,) are changed in place, spikes counted in `count`."""
    C, g_L, g_Ca, g_K, E_L, E_Ca, E_K = 20.0, 2.0, 4.4, 8.0, -60.0, 120.0, -84.0
    V1, V2, V3, V4, phi = -1.2, 18.0, 2.0, 30.0, 0.04

    def derivative(v, n, I):
        m = 0.5 * (1.0 + math.tanh((v - V1) / V2))
        n_inf = 0.5 * (1.0 + math.tanh((v - V3) / V4))
        rate = phi * math.cosh((v - V3) / (2.0 * V4))
        return (I - g_L * (v - E_L) - g_Ca * m * (v - E_Ca) - g_K * n * (v - E_K)) / C, (n_inf - n) * rate

    for i in range(V.size):
        v, n, I = V[i], N[i], current[i]
        for _ in range(steps):
            a, b = derivative(v, n, I)
            c, d = derivative(v + 0.5 * dt * a, n + 0.5 * dt * b, I)
            e, f = derivative(v + 0.5 * dt * c, n + 0.5 * dt * d, I)
            g, h = derivative(v + dt * e, n + dt * f, I)
            following = v + dt / 6.0 * (a + 2.0 * c + 2.0 * e + g)
            n += dt / 6.0 * (b + 2.0 * d + 2.0 * f + h)
            if v < 0.0 <= following:
                count[i] += 1
            v = following
        V[i], N[i] = v, n


def scipy_solve(V, N, current, duration, **options):
    """The state (2, n) after `duration` ms by SciPy's ``solve_ivp``: all neurons are one system of NumPy arrays."""
    from scipy.integrate import solve_ivp

    def derivative(t, y):
        v, n = y.reshape(2, -1)
        m = 0.5 * (1.0 + np.tanh((v + 1.2) / 18.0))
        n_inf = 0.5 * (1.0 + np.tanh((v - 2.0) / 30.0))
        dv = (current - 2.0 * (v + 60.0) - 4.4 * m * (v - 120.0) - 8.0 * n * (v + 84.0)) / 20.0
        return np.concatenate((dv, (n_inf - n) * (0.04 * np.cosh((v - 2.0) / 60.0))))

    return solve_ivp(derivative, (0.0, duration), np.concatenate((V, N)), **options).y[:, -1].reshape(2, -1)
