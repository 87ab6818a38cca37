"""The estimators with their default settings beside scikit-learn's: scores on rows held out, seed by seed.

``python -m benchmarks.defaults`` writes ``results/defaults.md`` and ``.json``; ``--quick`` shows that it runs.
"""

import warnings

import numpy as np

from fastneuron import sklearn as ours

from .command import measured

SEEDS = 20
DATA = ("digits", "iris", "wine", "breast_cancer", "diabetes", "diabetes and a column of 1e6")


def split(name, scaled):
    """Rows to train on and held out: three to one, in a fixed order; standardised by the former if asked."""
    from sklearn import datasets
    from sklearn.model_selection import train_test_split
    from sklearn.preprocessing import StandardScaler

    X, y = getattr(datasets, f"load_{name.split(' and ')[0]}")(return_X_y=True)
    if " and " in name:
        X = np.c_[X, np.full(len(X), 1e6)]
    X, X_held, y, y_held = train_test_split(X, y, random_state=0)
    if scaled:
        scaler = StandardScaler().fit(X)
        X, X_held = scaler.transform(X), scaler.transform(X_held)
    return X, X_held, y, y_held


def scores(library, solver, name, scaled, seeds):
    """Accuracy, or R^2 for diabetes, of one library's estimator for each seed."""
    kind = library.MLPRegressor if name.startswith("diabetes") else library.MLPClassifier
    X, X_held, y, y_held = split(name, scaled)
    return [kind(solver=solver, random_state=seed).fit(X, y).score(X_held, y_held) for seed in range(seeds)]


def measure(seeds):
    """A row for each data set, scaling and solver."""
    from sklearn import neural_network

    rows = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of convergence, and of overflow
        for name in DATA:
            for scaled in (False, True):
                for solver in ("adam", "sgd"):
                    row = {"data": name, "scaled": scaled, "solver": solver}
                    for key, library in (("fastneuron", ours), ("scikit-learn", neural_network)):
                        try:
                            row[key] = scores(library, solver, name, scaled, seeds)
                        except ValueError as error:  # scikit-learn's answer to weights that overflow
                            row[key] = str(error).partition(".")[0]
                    rows.append(row)
                    print(table([row]).splitlines()[-1], flush=True)
    return rows


def shown(found):
    """Mean and spread from seed to seed."""
    return (
        found if isinstance(found, str) else f"{np.mean(found):.3f} ± {np.std(found, ddof=min(1, len(found) - 1)):.3f}"
    )


def table(rows):
    """The rows as Markdown."""
    lines = [
        f"Default settings, {SEEDS} seeds: accuracy, or R² for diabetes, on a quarter of the rows, held out.",
        "",
        "| data | rows | solver | fastneuron | scikit-learn | largest difference at a seed |",
        "|---|---|---|--:|--:|--:|",
    ]
    for row in rows:
        a, b = row["fastneuron"], row["scikit-learn"]
        apart = "" if isinstance(a, str) or isinstance(b, str) else f"{np.max(np.abs(np.subtract(a, b))):.1e}"
        scaled = "scaled" if row["scaled"] else "raw"
        lines.append(f"| {row['data']} | {scaled} | {row['solver']} | {shown(a)} | {shown(b)} | {apart} |")
    return "\n".join(lines)


if __name__ == "__main__":
    measured("defaults", __doc__, lambda asked: measure(1 if asked.quick else SEEDS), lambda rows: table(rows) + "\n")
