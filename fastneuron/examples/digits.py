"""Can a digit be told from the spikes of neurons that look at it?

From neurons to networks: each of 1,797 handwritten digits (8 x 8 pixels, from scikit-learn) is shown to the same 200
Morris-Lecar neurons, no two alike, as a constant current: a random mixture of the pixels on top of a current of each
neuron's own.  After half a second of their time a perceptron and a multi-layer perceptron tell the digit from nothing
but how often each neuron has fired; beside them stand the same read-outs of the pixels themselves.

The figure shows two digits, the spikes they elicit, and the held-out accuracy of the four read-outs, mean and standard
deviation over five seeds.  Ten seconds; extras `plot` and `sklearn`.
"""

import numpy as np
from matplotlib import pyplot
from sklearn.datasets import load_digits

import fastneuron as fn

NEURONS, DURATION, DT = 200, 500.0, 0.25  # ms
TRAINED, SEEDS = 1200, 5  # digits, of which the rest are held out
SHOWN = (3, 8)
READ_OUTS = {"perceptron": ("#0072B2", "o"), "MLP, 32 hidden": ("#D55E00", "s")}  # and how they are drawn


def accuracies(features, labels, seed):
    """How many of the digits that are held out each read-out tells, %."""
    features = (features - features[:TRAINED].mean(0)) / (features[:TRAINED].std(0) + 1e-9)
    seen, held_out = features[:TRAINED], features[TRAINED:]
    layer = fn.Perceptron(features.shape[1], 10)
    layer.train(seen, labels[:TRAINED], epochs=50, shuffle=True, seed=seed, keep="average")
    net = fn.MLP([features.shape[1], 32, 10], output="softmax", seed=seed)
    net.train(seen, labels[:TRAINED], epochs=60, optimizer="adam", learning_rate=3e-3, weight_decay=1e-3, seed=seed)
    return [100 * np.mean(one.predict(held_out) == labels[TRAINED:]) for one in (layer, net)]


def study(size=1.0):
    """Simulate, train and draw; `size` scales the number of neurons, and of seeds."""
    n, seeds = max(round(NEURONS * size), 20), max(round(SEEDS * size), 2)
    rng = np.random.default_rng(0)
    digits = load_digits()
    order = rng.permutation(digits.target.size)
    pixels, labels = digits.data[order] / 16.0, digits.target[order]

    V3, base = rng.normal(2.0, 1.0, n), rng.uniform(85.0, 110.0, n)  # mV, uA/cm^2
    current = base + (pixels - pixels.mean(0)) @ rng.normal(0.0, 12.0, (64, n))
    model = fn.MorrisLecar.hopf(V3=np.tile(V3, labels.size))  # one population: digit by digit, neuron by neuron
    run = fn.simulate(model, DURATION, DT, current=current.ravel())
    counts = run.spike_count.reshape(labels.size, n)

    features = {"64 pixels": pixels, f"{n} spike counts": counts}
    told = {
        name: np.array([accuracies(given, labels, seed) for seed in range(seeds)]) for name, given in features.items()
    }
    for name, found in told.items():
        for read_out, mean, spread in zip(READ_OUTS, found.mean(axis=0), found.std(axis=0), strict=True):
            print(f"{read_out} of {name}: {mean:.1f} ± {spread:.1f} %")

    figure = pyplot.figure(figsize=(8.2, 3.6), layout="constrained")
    axes = figure.subplot_mosaic("aAC;bBC", width_ratios=[0.45, 1.5, 1.0])
    for (image, raster), digit in zip(("aA", "bB"), SHOWN, strict=True):
        index = int(np.flatnonzero(labels == digit)[0])
        axes[image].imshow(pixels[index].reshape(8, 8), cmap="Greys")
        axes[image].axis("off")
        trains = [run.spikes[index * n + neuron] for neuron in range(n)]
        axes[raster].eventplot(trains, colors="black", linewidths=0.8, linelengths=max(n / 60, 1.0))
        axes[raster].set(xlim=(0, DURATION), ylim=(-1, n), ylabel="Neuron", xlabel="Time (ms)" if raster == "B" else "")
    for column, (name, (colour, marker)) in enumerate(READ_OUTS.items()):
        mean, spread = ([one(found[:, column]) for found in told.values()] for one in (np.mean, np.std))
        axes["C"].errorbar(np.arange(2) + 0.1 * column, mean, spread, color=colour, marker=marker, linestyle="none",
                           capsize=3, label=name)  # fmt: skip
    axes["C"].set(xticks=[0.05, 1.05], xticklabels=[*told], xlim=(-0.5, 1.6), ylabel="Held-out accuracy (%)")
    axes["C"].legend(frameon=False, loc="lower left", bbox_to_anchor=(0.0, 1.0))
    for letter in "ABC":
        axes[letter].spines[["top", "right"]].set_visible(False)
    return figure


if __name__ == "__main__":
    fn.examples.save(study(), "digits")
