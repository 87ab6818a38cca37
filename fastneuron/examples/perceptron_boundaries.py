"""What do perceptrons draw between two classes? A line, a better one, a curve.

Three sets of points in the plane.  Classes that a line can part: the perceptron stops at the first line without a
mistake (Rosenblatt 1962), the margin rule, which also corrects what is right by too little, at one far from both.
Classes that overlap: there the last weights are what chance has left, while their average (Freund & Schapire 1999) and
the best that were met, the pocket (Gallant 1990), serve.  Exclusive or, where no line serves (Minsky & Papert 1969),
and what a multi-layer perceptron with eight hidden units draws.

The figure shows the points, where each machine changes its mind, and how many points it tells right.  A second; extra
`plot`.
"""

import numpy as np
from matplotlib import pyplot

import fastneuron as fn

WINDOW = 3.5  # half of the side of each panel
STYLES = {"#0072B2": "-", "#D55E00": "--", "#009E73": ":"}


def clouds(rng, n, *centres, spread):
    """Points around centres, and of which of the two classes they are: by turns."""
    points = [rng.normal(centre, spread, (n, 2)) for centre in centres]
    return np.concatenate(points), np.repeat(np.arange(len(centres)) % 2, n)


def perceptron(X, T, **how):
    """One that has learned from the points, in 200 epochs or until it makes no mistake."""
    layer = fn.Perceptron(n_inputs=2, n_neurons=1)
    layer.train(X, T, epochs=200, shuffle=True, seed=1, **how)
    return layer


def draw(ax, title, X, T, machines):
    """Points, and where each machine changes its mind."""
    axis = np.linspace(-WINDOW, WINDOW, 300)
    plane = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    ax.scatter(*X[T == 0].T, s=14, marker="o", facecolor="none", edgecolor="0.35", linewidth=0.8)
    ax.scatter(*X[T == 1].T, s=14, marker="x", color="0.35", linewidth=0.8)
    for (colour, style), (name, machine) in zip(STYLES.items(), machines.items(), strict=False):
        told = machine.predict(plane).reshape(axis.size, axis.size)
        ax.contour(axis, axis, told, levels=[0.5], colors=colour, linestyles=style, linewidths=1.8)
        right = 100 * np.mean(machine.predict(X) == T)
        ax.plot([], [], color=colour, linestyle=style, linewidth=1.8, label=f"{name}: {right:.0f} %")
        print(f"{title}, {name}: {right:.1f} % right")
    ax.set(title=title, xlim=(-WINDOW, WINDOW), ylim=(-WINDOW, WINDOW), xlabel="First input")
    ax.legend(frameon=False, loc="upper left", bbox_to_anchor=(0.0, -0.16))


def study(size=1.0):
    """Learn and draw; `size` scales the number of points."""
    rng, n = np.random.default_rng(3), max(round(60 * size), 6)
    apart = clouds(rng, n, (-1.2, -1.0), (1.2, 1.0), spread=0.6)
    overlapping = clouds(rng, n, (-0.8, -0.6), (0.8, 0.6), spread=0.9)
    exclusive = clouds(rng, n, (-1.5, -1.5), (1.5, -1.5), (1.5, 1.5), (-1.5, 1.5), spread=0.6)

    figure, axes = pyplot.subplots(1, 3, figsize=(9.6, 4.6), sharey=True, layout="constrained")
    margin = perceptron(*apart, rule="margin", margin=50.0)  # far more than one correction gives, |x|^2
    draw(axes[0], "Separable", *apart, {"perceptron": perceptron(*apart), "margin rule": margin})
    kept = {f"{keep} weights": perceptron(*overlapping, keep=keep) for keep in ("last", "average", "pocket")}
    draw(axes[1], "Overlapping", *overlapping, kept)
    net = fn.MLP([2, 8, 1], output="sigmoid", seed=0)
    net.train(*exclusive, epochs=200, optimizer="lbfgs", weight_decay=1e-3)
    best = perceptron(*exclusive, keep="pocket")
    draw(axes[2], "Exclusive or", *exclusive, {"perceptron, pocket": best, "MLP": net})
    axes[0].set_ylabel("Second input")
    return figure


if __name__ == "__main__":
    fn.examples.save(study(), "perceptron_boundaries")
