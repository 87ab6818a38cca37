"""Draws readout.png: a population of Morris-Lecar neurons driven by handwritten digits, its spike counts read out.

From neurons to networks: each of 1,797 digits (8 x 8 pixels, from scikit-learn) is shown to the same 200 neurons as a
constant current, a random mixture of the pixels on top of a current of each neuron's own; half a second of their time
later a perceptron and a multi-layer perceptron tell the digit from the spike counts alone.  Beside them stand the same
read-outs of the raw pixels.  Needs the extras `plot` and `sklearn`; about 720 million neuron-steps.
"""

from pathlib import Path

import numpy as np
from matplotlib import pyplot
from sklearn.datasets import load_digits

import fastneuron as fn

NEURONS, DURATION, DT = 200, 500.0, 0.25
TRAINED = 1200  # digits; the rest are held out
SEEDS = range(5)

digits = load_digits()
pixels, labels = digits.data / 16.0, digits.target
rng = np.random.default_rng(0)
order = rng.permutation(len(labels))
pixels, labels = pixels[order], labels[order]

# every neuron differs: its own midpoint of the potassium activation, its own current, its own mixture of pixels
V3 = rng.normal(2.0, 1.0, NEURONS)
base = rng.uniform(85.0, 110.0, NEURONS)
mixture = rng.normal(0.0, 12.0, (64, NEURONS))
current = base + (pixels - pixels.mean(0)) @ mixture

model = fn.MorrisLecar.hopf(V3=np.tile(V3, len(labels)))  # one population: digit by digit, neuron by neuron
run = fn.simulate(model, DURATION, DT, current=current.ravel())
counts = run.spike_count.reshape(len(labels), NEURONS)


def accuracies(features):
    """Held-out accuracy of both read-outs, a row per seed."""
    features = (features - features[:TRAINED].mean(0)) / (features[:TRAINED].std(0) + 1e-9)
    seen, held_out = features[:TRAINED], features[TRAINED:]
    rows = []
    for seed in SEEDS:
        layer = fn.Perceptron(features.shape[1], 10)
        layer.train(seen, labels[:TRAINED], epochs=50, shuffle=True, seed=seed, keep="average")
        net = fn.MLP([features.shape[1], 32, 10], output="softmax", loss="cross_entropy", seed=seed)
        net.train(seen, labels[:TRAINED], epochs=60, optimizer="adam", learning_rate=3e-3, weight_decay=1e-3, seed=seed)
        told = layer.predict(held_out), net.predict(held_out)
        rows.append([np.mean(guess == labels[TRAINED:]) for guess in told])
    return np.array(rows)


results = {"64 pixels": accuracies(pixels), f"{NEURONS} spike counts": accuracies(counts)}
for name, rows in results.items():
    mean, spread = 100 * rows.mean(0), 100 * rows.std(0)
    print(f"{name:>17}: perceptron {mean[0]:.1f} +- {spread[0]:.1f} %, MLP {mean[1]:.1f} +- {spread[1]:.1f} %")

figure = pyplot.figure(figsize=(8.2, 3.4), layout="constrained", dpi=200)
axes = figure.subplot_mosaic("ABC;ADC", width_ratios=[0.55, 1.5, 1.0])
shown = [int(np.flatnonzero(labels == digit)[0]) for digit in (3, 8)]
axes["A"].axis("off")
for place, index in zip(((0.1, 0.56), (0.1, 0.08)), shown, strict=True):
    inset = axes["A"].inset_axes((*place, 0.8, 0.36))
    inset.imshow(pixels[index].reshape(8, 8), cmap="Greys")
    inset.set(xticks=[], yticks=[], title=f"a {labels[index]}")
for letter, index in zip("BD", shown, strict=True):
    ax = axes[letter]
    trains = [run.spikes[index * NEURONS + neuron] for neuron in range(NEURONS)]
    ax.eventplot(trains, colors="black", linewidths=0.8, linelengths=3.0)
    ax.set(xlim=(0, DURATION), ylim=(-1, NEURONS), ylabel="neuron")
    ax.spines[["top", "right"]].set_visible(False)
axes["B"].tick_params(labelbottom=False)
axes["D"].set_xlabel("time (ms)")
ax = axes["C"]
for offset, column, name, colour in ((-0.12, 0, "perceptron", "#0072B2"), (0.12, 1, "MLP, 32 hidden", "#D55E00")):
    means = np.array([100 * rows[:, column].mean() for rows in results.values()])
    errors = [100 * rows[:, column].std() for rows in results.values()]
    ax.errorbar(np.arange(2) + offset, means, errors, fmt="o", color=colour, label=name, capsize=3)
    for x, mean in zip(np.arange(2) + offset, means, strict=True):
        ax.annotate(f"{mean:.1f}", (x, mean), (8 if offset > 0 else -8, 0), textcoords="offset points", va="center",
                    ha="left" if offset > 0 else "right", fontsize=8)  # fmt: skip
ax.set(xticks=range(2), xticklabels=list(results), xlim=(-0.6, 1.6), ylim=(93, 100), ylabel="held-out accuracy (%)")
ax.legend(frameon=False, fontsize=8, loc="upper right")
ax.spines[["top", "right"]].set_visible(False)
figure.savefig(Path(__file__).with_suffix(".png"))
