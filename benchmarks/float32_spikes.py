"""Prints what single precision costs in spike times: the README's table."""

import numpy as np

import fastneuron as fn

CASES = [
    ("MorrisLecar.hopf", fn.MorrisLecar.hopf(), (95.0, 130.0), 0.05),
    ("MorrisLecar.snic", fn.MorrisLecar.snic(), (45.0, 80.0), 0.05),
    ("HodgkinHuxley.squid", fn.HodgkinHuxley.squid(), (8.0, 20.0), 0.01),
    ("TraubMiles.cobahh", fn.TraubMiles.cobahh(), (1.0, 4.0), 0.01),
    ("FitzHughNagumo.classic", fn.FitzHughNagumo.classic(), (0.4, 1.2), 0.05),
]

if __name__ == "__main__":
    print("| model, currents (uA/cm^2) | dt | spikes | typical error | 99 % below | largest |")
    for name, model, (low, high), dt in CASES:
        double, single = (
            fn.simulate(model, 1000.0, dt, np.linspace(low, high, 1000), dtype=dtype)
            for dtype in (np.float64, np.float32)
        )
        assert np.array_equal(double.spike_count, single.spike_count)
        error = np.abs(double.spikes.time - single.spikes.time)
        typical, most, largest = np.median(error), np.quantile(error, 0.99), error.max()
        print(
            f"| `{name}`, {low:g}–{high:g} | {dt:g} | {error.size:,} | {typical:.1e} | {most:.1e} | {largest:.1e} |"  # noqa: RUF001
        )
