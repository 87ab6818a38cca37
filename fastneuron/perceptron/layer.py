"""The perceptron: a layer of S neurons on R inputs, trained online, sample by sample."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import _check, _html, _progress
from .._kernel.threads import available
from . import data, dense, rules, saved, training
from .convergence import novikoff_bound
from .data import LOW, LayerType
from .history import PerceptronHistory
from .net_input import ballots, net_input, transferred
from .selection import SELECTIONS, Votes


class Perceptron:
    """A layer of S perceptrons on R inputs: y = f(W x + b).

    Parameters
    ----------
    n_inputs, n_neurons : int
        R and S.
    transfer : {"hardlim", "hardlims", "linear"}
        f(n): 1 where n >= 0, else 0; or else -1; or n itself.
    dtype : float64 or float32
        Of the weights and of all arithmetic.

    Attributes
    ----------
    weights : (S, R) ndarray
        ``weights[i, j]`` is the strength of the connection from input j to neuron i.
    bias : (S,) ndarray
        Both are zero at first, and may be set.
    votes : Votes or None
        The voters of a layer trained with ``keep="vote"``: (neuron, weights, bias, count); read-only, as are
        `n_inputs`, `n_neurons`, `transfer` and `dtype`.

    Examples
    --------
    Worked example of Hagan et al., *Neural Network Design*, chapter 4:

    >>> import fastneuron as fn
    >>> layer = fn.Perceptron(n_inputs=2, n_neurons=1)
    >>> history = layer.train([[2, 2], [1, -2], [-2, 2], [-1, 1]], [0, 1, 0, 1], epochs=10)
    >>> layer.weights, layer.bias
    (array([[-2., -3.]]), array([1.]))
    >>> history
    PerceptronHistory(3 epochs, 3 mistakes, 1 of 1 neurons converged)
    >>> layer.forward([-1, 1])
    array([1.])
    """

    def __init__(
        self, n_inputs: int, n_neurons: int, transfer: str = "hardlim", dtype: npt.DTypeLike = np.float64
    ) -> None:
        self._kind = LayerType(
            _check.whole("n_inputs", n_inputs, 1),
            _check.whole("n_neurons", n_neurons, 1),
            _check.known("transfer", transfer, LOW),
            _check.dtype(dtype),
        )
        if self.n_inputs * self.n_neurons > 2**53:
            raise ValueError(f"n_inputs * n_neurons must be at most 2**53; got {n_inputs} * {n_neurons}")
        self._weights = np.zeros((self.n_neurons, self.n_inputs), self.dtype)
        self._bias = np.zeros(self.n_neurons, self.dtype)
        self._votes: Votes | None = None
        self._adapting: tuple[Any, Any] = (None, None)  # the arguments of the last `adapt`, and the rule they made

    def __repr__(self) -> str:
        fields = self._kind._asdict() | {"dtype": self.dtype.name}
        return f"Perceptron({', '.join(f'{name}={value!r}' for name, value in fields.items())})"

    def _repr_html_(self) -> str:
        return _html.table("Perceptron", [*self._kind._asdict().items(), ("weights", _html.value(self._weights))])

    def __getstate__(self) -> dict[str, Any]:
        """All but the rule of the last `adapt`, whose type another process may not have."""
        return vars(self) | {"_adapting": (None, None)}

    @property
    def n_inputs(self) -> int:
        """R."""
        return self._kind.n_inputs

    @property
    def n_neurons(self) -> int:
        """S."""
        return self._kind.n_neurons

    @property
    def transfer(self) -> str:
        """The name of f."""
        return self._kind.transfer

    @property
    def dtype(self) -> np.dtype:
        """The type of the weights and of all arithmetic."""
        return self._kind.dtype

    @property
    def weights(self) -> np.ndarray:
        """(S, R)."""
        return self._weights

    @weights.setter
    def weights(self, value: npt.ArrayLike) -> None:
        self._weights = data.parameter("weights", value, (self.n_neurons, self.n_inputs), self.dtype)
        self._votes = None

    @property
    def bias(self) -> np.ndarray:
        """(S,)."""
        return self._bias

    @bias.setter
    def bias(self, value: npt.ArrayLike) -> None:
        self._bias = data.parameter("bias", value, (self.n_neurons,), self.dtype)
        self._votes = None

    @property
    def votes(self) -> Votes | None:
        """The voters of a layer trained with ``keep="vote"``."""
        return self._votes

    # answers

    def net_input(self, X: Any, threads: int | None = None) -> np.ndarray:
        """W x + b.

        Up to 23 neurons it has the bits that training sees, the same for a row alone or among others; above, many rows
        at once are a matrix product of NumPy's BLAS, which may differ in the last bits.  Up to 23 neurons, too, X is
        not copied where `train` would not copy it.

        Parameters
        ----------
        X : (R,) or (n, R) array_like, or (n, R) SciPy sparse
            Inputs: one row, or many.
        threads : int, optional
            Number of threads; one per core this process may use by default.

        Returns
        -------
        (S,) or (n, S) ndarray
        """
        return net_input(X, self._weights, self._bias, threads)

    def forward(self, X: Any, threads: int | None = None) -> np.ndarray:
        """f(W x + b); of a layer trained with ``keep="vote"``, f of the vote.

        Parameters
        ----------
        X : (R,) or (n, R) array_like, or (n, R) SciPy sparse
            Inputs: one row, or many.
        threads : int, optional
            Number of threads; one per core this process may use by default.

        Returns
        -------
        (S,) or (n, S) ndarray
        """
        return transferred(self._decisive(X, threads), self._kind.transfer)

    def predict(self, X: Any, threads: int | None = None) -> np.ndarray:
        """The decisions: the targets or classes, as `train` takes them, that the layer answers rows with.

        Parameters
        ----------
        X : (R,) or (n, R) array_like, or (n, R) SciPy sparse
            Inputs: one row, or many.
        threads : int, optional
            Number of threads; one per core this process may use by default.

        Returns
        -------
        (n,) ndarray of int, or an int for one row
            Of several neurons, the one with the largest net input (or vote): the class of one-vs-rest training.  Of a
            single one, its target: 0 (for hardlims -1) or 1.
        (n, S) or (S,) ndarray
            Of a linear layer, its outputs.
        """
        n = self._decisive(X, threads)
        if self.transfer == "linear":
            return n
        return np.argmax(n, axis=-1) if self.n_neurons > 1 else transferred(n, self.transfer)[..., 0].astype(np.intp)

    def vote(self, X: Any, threads: int | None = None) -> np.ndarray:
        """The ballot of the voters, -1 to 1: each votes +1 or -1, as often as it survived a presentation in training.

        Parameters
        ----------
        X : (R,) or (n, R) array_like, or (n, R) SciPy sparse
            Inputs: one row, or many.
        threads : int, optional
            Number of threads; one per core this process may use by default.

        Returns
        -------
        (S,) or (n, S) ndarray

        Raises
        ------
        ValueError
            If the layer was not trained with ``keep="vote"``.
        """
        if self._votes is None:
            raise ValueError('the layer has no voters: train it with keep="vote"')
        return ballots(X, self._votes, self.n_neurons, threads)

    def _decisive(self, X: Any, threads: int | None) -> np.ndarray:
        """What f is taken of: the net input, or the vote where there are voters."""
        return net_input(X, self._weights, self._bias, threads) if self._votes is None else self.vote(X, threads)

    # learning

    def adapt(
        self,
        x: npt.ArrayLike,
        t: npt.ArrayLike,
        rule: str = "perceptron",
        learning_rate: float = 1.0,
        tie: str = "hardlim",
        margin: float = 1.0,
        C: float = 1.0,
    ) -> np.ndarray:
        """Present one sample, and correct the neurons that call for it.

        Parameters
        ----------
        x : (R,) array_like
            Inputs.
        t : (S,) array_like, or number
            Targets: of a single neuron, a number; of several, also the number of the class.
        rule, learning_rate, tie, margin, C
            As in `train`.

        Returns
        -------
        (S,) ndarray
            f(W x + b) as it was before the correction.

        Raises
        ------
        TypeError, ValueError, FloatingPointError
            As of `train`; the layer stays as it was.

        Examples
        --------
        >>> import fastneuron as fn
        >>> layer = fn.Perceptron(n_inputs=2, n_neurons=1)
        >>> layer.adapt([2, 2], [0])
        array([1.])
        >>> layer.weights, layer.bias
        (array([[-2., -2.]]), array([-1.]))
        """
        kind, arguments = self._kind, (rule, type(rule), learning_rate, tie, margin, C)
        try:
            same = arguments == self._adapting[0]
        except ValueError:  # arrays in the place of numbers
            same = False
        if not same:  # making a rule takes as long as the rest
            made = rules.checked(rule, kind.transfer, kind.dtype, learning_rate, tie, margin, C)
            self._adapting = arguments, made
        made = self._adapting[1]
        row = x if type(x) is np.ndarray and x.dtype is kind.dtype else _check.array("x", x, kind.dtype)
        if row.shape != (kind.n_inputs,):
            raise ValueError(f"x must have shape ({kind.n_inputs},); got {row.shape}")
        if type(t) is not np.ndarray or t.dtype is not kind.dtype or t.shape != (kind.n_neurons,):
            t = data.one_target(kind, t)
        if not self._weights.flags.writeable:  # of a file that joblib has mapped
            self._weights, self._bias = self._weights.copy(), self._bias.copy()
        n = np.empty(kind.n_neurons, kind.dtype)
        row, target = np.ascontiguousarray(row)[np.newaxis], np.ascontiguousarray(t)[np.newaxis]
        state = dense.adapt(made, row, target, LOW[kind.transfer], self._weights, self._bias, n)
        if state:
            if state == 2:
                data.targets(target, 1, kind, False, "t")
            data.raise_nonfinite(None, row[0], "x")
        self._votes = None
        return transferred(n, kind.transfer)

    def train(
        self,
        X: Any,
        T: Any = None,
        epochs: int = 1,
        rule: str = "perceptron",
        learning_rate: float = 1.0,
        shuffle: bool = False,
        seed: Any = None,
        tie: str = "hardlim",
        margin: float = 1.0,
        C: float = 1.0,
        keep: str = "last",
        sample_weight: npt.ArrayLike | None = None,
        progress: bool = False,
        threads: int | None = None,
    ) -> PerceptronHistory:
        """Train online: present row after row, and correct after each what it calls for.

        Every neuron learns on its own, from its column of the targets.  The result is that of the plain loop over the
        rows, bit for bit, at any number of threads.

        Parameters
        ----------
        X : (n, R) array_like, SciPy sparse, or iterable of (X, T)
            Inputs, a memory map of any type among them.  Bools, integers of up to 32 bit (float32 layer: 16) and
            float32 are read as they stand, at the speed of the disk, if in C order; of other types and orders a part
            after the other is copied.  Without `T`, batches: each epoch goes through the iterable once, so that nothing
            but a batch need be in memory.
        T : (n, S) or (n,) array_like
            Targets 0 or 1 (for transfer ``"hardlims"`` -1 or 1, for ``"linear"`` any number); or the class of each
            row, 0 to S-1, for one neuron a class, against the rest.
        epochs : int, default 1
            At most so many passes; a neuron ends with its first epoch without a correction.
        rule : {"perceptron", "normalized", "margin", "PA", "PA-I", "PA-II", "lms"} or NamedTuple
            With e = t - f(n), y = +-1 the sign of the target, and b treated as the weight of an input that is always 1:

            - ``"perceptron"``: W += e x (Rosenblatt 1962; MATLAB's learnp);
            - ``"normalized"``: W += e x / ``sqrt(1 + |x|^2)``, b += e / sqrt(2) (MATLAB's learnpn);
            - ``"margin"``: W += y x where y n <= `margin`;
            - ``"PA"`` (or ``"passive-aggressive"``): W += y tau x, tau = max(0, 1 - y n) / ``(|x|^2 + 1)``; ``"PA-I"``:
              tau at most `C`; ``"PA-II"``: 1/(2 C) added to the divisor (Crammer et al. 2006);
            - ``"lms"``: W += (t - n) x (Widrow & Hoff 1960), t being +-1 unless the transfer is linear.

            Or a rule of your own: a NamedTuple of its numbers with a method ``correction(rule, n, t, X, row)``, which
            is compiled, and returns what to multiply the row by, and what to add to the bias; see
            `fastneuron.perceptron.rules`, and `fastneuron.perceptron.square` for ``|x|^2`` of the row.
        learning_rate : float, default 1
            Multiplies every correction; not for the passive-aggressive rules, whose step is part of them.
        shuffle : bool, default False
            Present the rows in a new random order each epoch.
        seed : int, sequence of int, SeedSequence or Generator, optional
            Decides these orders.
        tie : {"hardlim", "margin"}
            When ``"perceptron"`` and ``"normalized"`` correct: where t differs from f(n); or where y n <= 0, then by
            y x, as scikit-learn does.
        margin, C : float, default 1
            Numbers of the rules of these names.
        keep : {"last", "average", "pocket", "vote"}
            Which weights to end with: the last; their average over all presentations (Freund & Schapire 1999); the best
            seen (Gallant 1990, with ratchet); or all there were, for `forward` to let them vote (Freund & Schapire
            1999), which takes the memory of R numbers a mistake.
        sample_weight : (n,) or (n, S) array_like, optional
            Multiplies the corrections after a row, and what a row counts in the pocket; a row of weight 0 is never a
            mistake.
        progress : bool, default False
            Show a progress bar (extra ``progress``).
        threads : int, optional
            Number of threads, each with its part of the neurons; one per core this process may use by default.

        Returns
        -------
        PerceptronHistory
            Mistakes, convergence, Novikoff's bound.

        Raises
        ------
        TypeError, ValueError
            If an argument is not allowed, or X holds something that is not finite.
        FloatingPointError
            If the weights or a correction overflow.  Whatever is raised, the layer stays as it was.

        Examples
        --------
        Exclusive or is not linearly separable, and the history says so:

        >>> import fastneuron as fn
        >>> layer = fn.Perceptron(n_inputs=2, n_neurons=1)
        >>> layer.train([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0], epochs=100)
        PerceptronHistory(100 epochs, 398 mistakes, 0 of 1 neurons converged, 1 provably never will)
        """
        epochs = _check.whole("epochs", epochs, 1)
        made = rules.checked(rule, self.transfer, self.dtype, learning_rate, tie, margin, C)
        selection = SELECTIONS[_check.known("keep", keep, SELECTIONS)]
        threads = _check.threads(threads) or available()
        seed = data.seed_of_orders(_check.flag("shuffle", shuffle), seed)
        progress = _check.flag("progress", progress)
        source: Any
        if T is None:
            wanted = {"shuffle": shuffle, f"keep={keep!r}": selection.needs_all_rows}
            data.check_batches(X, epochs, **wanted, sample_weight=sample_weight is not None)
            source, total = data.chunks_of_batches(X, self._kind, made.real_targets, epochs), None
        else:
            source = data.rows(self._kind, X, T, made.real_targets, epochs, sample_weight, seed)
            total = epochs * len(source.T) * self.n_neurons
        with _progress.bar(progress, total, " presentations") as tick:
            try:
                result = training.train(made, self._weights, self._bias, source, selection, threads, tick)
            except training.NonFinite as failure:
                data.raise_nonfinite(failure.row, failure.values)
        bound = np.full(self.n_neurons, np.nan)
        found = np.flatnonzero(result.converged & ~self._weights.any(axis=1) & (self._bias == 0))
        if T is not None and made.novikoff() and found.size:
            bound[found] = novikoff_bound(source, found, result.last[0][found], result.last[1][found])
        self._weights, self._bias, self._votes = result.weights, result.bias, result.votes
        return PerceptronHistory(
            mistakes=result.mistakes,
            converged=result.converged,
            cycled=result.cycled,
            bound=bound,
            squared_error=result.squared_error if made.real_targets else None,
        )

    # files

    def save(self, path: str | os.PathLike) -> None:
        """Write the layer to an ``.npz`` file, whole or not at all.

        Parameters
        ----------
        path : str or path-like
            Used as it is; by custom it ends in ``.npz``.
        """
        saved.write(path, self)

    @classmethod
    def load(cls, path: str | os.PathLike) -> Perceptron:
        """Read a layer written by `save`; nothing in the file is executed.

        Parameters
        ----------
        path : str or path-like
            The file.

        Returns
        -------
        Perceptron

        Raises
        ------
        ValueError
            If the file is not such a layer, or of a later format.  Sizes are compared before memory is taken.

        Examples
        --------
        >>> import fastneuron as fn, pathlib, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = pathlib.Path(folder, "layer.npz")
        ...     fn.Perceptron(n_inputs=3, n_neurons=2).save(path)
        ...     fn.Perceptron.load(path)
        Perceptron(n_inputs=3, n_neurons=2, transfer='hardlim', dtype='float64')
        """
        layer, votes = saved.read(path, cls)
        layer._votes = votes
        return layer
