"""Which learning rate, and how many hidden units? Asked of 300 networks.

Multi-layer perceptrons that tell 1,797 handwritten digits (8 x 8 pixels, from scikit-learn), a third of them held out.
For each size of the hidden layer `fn.MLP.ensemble` trains ten networks at each of ten learning rates in one call, each
to the bits it would have alone; those of one learning rate differ in their first weights and in the order of the rows.

The figure shows the held-out loss over the epochs, median and range of ten, and the accuracy at the end.  Five
seconds.  Extras `plot` and `sklearn`.
"""

import warnings

import numpy as np
from matplotlib import pyplot
from sklearn.datasets import load_digits

import fastneuron as fn

HIDDEN = {4: ("#0072B2", "o"), 16: ("#D55E00", "s"), 64: ("#009E73", "^")}  # units, and how they are drawn
LEARNING_RATES = np.geomspace(0.01, 5.0, 10)
SHOWN = {1: ":", 5: "-", 8: "--"}  # learning rates whose losses are drawn, by their place
SEEDS, EPOCHS, TRAINED = 10, 40, 1200


def losses(histories, epochs):
    """The held-out losses, (network, epoch): NaN from where a training has failed."""
    found = np.full((len(histories), epochs), np.nan)
    for row, history in zip(found, histories, strict=True):
        row[: history.validation.size] = history.validation
    return found


def study(size=1.0):
    """Train and draw; `size` scales the number of networks of a kind, and of epochs."""
    seeds, epochs = max(round(SEEDS * size), 2), max(round(EPOCHS * size), 2)
    digits = load_digits()
    order = np.random.default_rng(0).permutation(digits.target.size)
    X, T = digits.data[order] / 16.0, digits.target[order]
    held_out = X[TRAINED:], T[TRAINED:]

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(8.2, 3.4), layout="constrained")
    each = np.repeat(LEARNING_RATES, seeds)  # learning rate by learning rate
    for hidden, (colour, marker) in HIDDEN.items():
        nets = fn.MLP.ensemble(each.size, [64, hidden, 10], output="softmax", seed=0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # a training that fails: the figure shows it
            histories = nets.train(X[:TRAINED], T[:TRAINED], epochs=epochs, learning_rate=each, validation=held_out)
        if hidden == 16:
            draw_losses(left, losses(histories, epochs).reshape(-1, seeds, epochs), colour)
            left.set(xlabel="Epoch", ylabel=f"Held-out loss of {hidden} units", yscale="log")
        told = 100 * np.mean(nets.predict(held_out[0]) == held_out[1], axis=1).reshape(-1, seeds)
        mean, spread = told.mean(axis=1), told.std(axis=1)
        best = mean.argmax()
        print(
            f"{hidden} hidden units: {mean[best]:.1f} ± {spread[best]:.1f} % right, "
            f"at a learning rate of {LEARNING_RATES[best]:.2g}"
        )
        right.errorbar(
            LEARNING_RATES, mean, spread, color=colour, marker=marker, markersize=4, capsize=2, label=f"{hidden} units"
        )
    right.set(xscale="log", xlabel="Learning rate", ylabel=f"Accuracy after {epochs} epochs (%)")
    right.legend(frameon=False, loc="lower left")
    for ax in (left, right):
        ax.spines[["top", "right"]].set_visible(False)
    return figure


def draw_losses(ax, loss, colour):
    """Median and range over the seeds, of some learning rates: (learning rate, seed, epoch)."""
    epoch = np.arange(1, loss.shape[-1] + 1)
    for place, style in SHOWN.items():
        ax.fill_between(epoch, loss[place].min(axis=0), loss[place].max(axis=0), color=colour, alpha=0.2, linewidth=0)
        ax.plot(epoch, np.median(loss[place], axis=0), style, color=colour, label=f"{LEARNING_RATES[place]:.2g}")
    ax.legend(frameon=False, title="Learning rate", ncols=3, loc="lower center", bbox_to_anchor=(0.5, 1.0))


if __name__ == "__main__":
    fn.examples.save(study(), "ensemble_study")
