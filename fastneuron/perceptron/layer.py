"""The perceptron: a layer of S neurons on R inputs, trained online, sample by sample."""

from __future__ import annotations

import functools
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from .. import _check, _progress
from .._kernel import threads as _threads
from .._kernel.worker_pool import NOBODY, helped
from . import dense, rules, sparse, training
from .dots import Sparse, aligned, readable, shape_of_this_machine
from .selection import Average, Last, Pocket, Voted, Votes
from .update import Samples

LOW = {"hardlim": 0.0, "hardlims": -1.0, "linear": np.nan}  # the target that is not 1; NaN: any number is one
DTYPES = (np.dtype(np.float64), np.dtype(np.float32))
FORMAT = 1  # of saved files
LARGE = 24  # rows and neurons: from there on a BLAS is faster than dots in registers (1.6x at 100, 2x at 1,000)
WORTH_A_THREAD = 5_000_000  # bytes of rows or products of float64, 0.2 ms: below, a thread costs more than it saves
STRETCH = 2**30  # the same, 40 ms: between one and the next, Ctrl-C is heard
MANY = 24  # rows: from there on it pays to have a copy of the weights on cache lines of their own
SHAPE = shape_of_this_machine()  # of the tiles of dots


@dataclass(frozen=True, eq=False)
class PerceptronHistory:
    """What happened in `Perceptron.train`.

    Attributes
    ----------
    mistakes : (epochs, S) ndarray of int
        Presentations after which a neuron was corrected.  For rule ``"lms"``, which corrects all but always, those that
        found the net input on the wrong side of 0.
    converged : (S,) ndarray of bool
        Whether a neuron had an epoch without any correction, which ended its training.
    cycled : (S,) ndarray of bool
        Whether a neuron's weights came back, exactly, to what they were after an earlier epoch.  The rows being
        presented in the same order, training then goes round for ever: a proof that it will never converge.  Looked for
        where all rows are given at once, with ``shuffle=False``.
    bound : (S,) ndarray
        Novikoff's (1962) bound (max |x| / gamma)^2 on the number of mistakes, x with a 1 appended for the bias, and
        gamma the smallest distance of a row from the separator found.  NaN where it says nothing: for a neuron that
        has not converged, that did not start from zero, or another rule than ``"perceptron"``.
    squared_error : (epochs, S) ndarray or None
        For rule ``"lms"``, the sum of (t - n)^2 over the presentations of an epoch.
    """

    mistakes: np.ndarray
    converged: np.ndarray
    cycled: np.ndarray
    bound: np.ndarray
    squared_error: np.ndarray | None

    @property
    def epochs(self) -> int:
        """The number of epochs it took; fewer than asked for if all neurons converged."""
        return len(self.mistakes)

    def __repr__(self) -> str:
        S = len(self.converged)
        cycled = f", {self.cycled.sum()} provably never will" if self.cycled.any() else ""
        return (
            f"PerceptronHistory({self.epochs} epochs, {self.mistakes.sum()} mistakes, "
            f"{self.converged.sum()} of {S} neurons converged{cycled})"
        )


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
        The voters of a layer trained with ``voted=True``: (neuron, weights, bias, count).

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
        self.n_inputs = _check.whole("n_inputs", n_inputs, 1)
        self.n_neurons = _check.whole("n_neurons", n_neurons, 1)
        self.transfer = _check.known("transfer", transfer, LOW)
        try:
            self.dtype = np.dtype(dtype)
        except TypeError:
            self.dtype = np.dtype(object)
        if self.dtype not in DTYPES:
            raise ValueError(f"dtype must be float64 or float32; got {dtype!r}")
        self._weights = np.zeros((self.n_neurons, self.n_inputs), self.dtype)
        self._bias = np.zeros(self.n_neurons, self.dtype)
        self.votes: Votes | None = None
        self._adapting: tuple[Any, Any] = (None, None)  # the arguments of the last `adapt`, and the rule they made

    def __repr__(self) -> str:
        return (
            f"Perceptron(n_inputs={self.n_inputs}, n_neurons={self.n_neurons}, "
            f"transfer={self.transfer!r}, dtype={self.dtype.name!r})"
        )

    @property
    def weights(self) -> np.ndarray:
        """(S, R)."""
        return self._weights

    @weights.setter
    def weights(self, value: npt.ArrayLike) -> None:
        self._weights = self._parameter("weights", value, self._weights.shape)
        self.votes = None

    @property
    def bias(self) -> np.ndarray:
        """(S,)."""
        return self._bias

    @bias.setter
    def bias(self, value: npt.ArrayLike) -> None:
        self._bias = self._parameter("bias", value, self._bias.shape)
        self.votes = None

    def _parameter(self, name: str, value: npt.ArrayLike, shape: tuple[int, ...]) -> np.ndarray:
        array = _real(name, value).astype(self.dtype)
        if array.shape != shape:
            raise ValueError(f"{name} must have shape {shape}; got {array.shape}")
        if not np.isfinite(array).all():
            raise ValueError(f"{name} must be finite; got {array[~np.isfinite(array)][0]}")
        return np.ascontiguousarray(array)

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
        return self._net(X, self._weights, self._bias, threads)

    def forward(self, X: Any, threads: int | None = None) -> np.ndarray:
        """f(W x + b); of a layer trained with ``voted=True``, f of the vote.

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
        return self._transferred(
            self._net(X, self._weights, self._bias, threads) if self.votes is None else self.vote(X)
        )

    def classify(self, X: Any) -> np.ndarray:
        """The neuron with the largest net input (or vote) for each row, the class of one-vs-rest training.

        Parameters
        ----------
        X : (R,) or (n, R) array_like, or (n, R) SciPy sparse
            Inputs: one row, or many.

        Returns
        -------
        (n,) ndarray of int, or an int for one row
        """
        return np.argmax(self.net_input(X) if self.votes is None else self.vote(X), axis=-1)

    def vote(self, X: Any) -> np.ndarray:
        """The ballot of the voters, -1 to 1: each votes +1 or -1, as often as it survived a presentation in training.

        Parameters
        ----------
        X : (R,) or (n, R) array_like, or (n, R) SciPy sparse
            Inputs: one row, or many.

        Returns
        -------
        (S,) or (n, S) ndarray

        Raises
        ------
        ValueError
            If the layer was not trained with ``voted=True``.
        """
        if self.votes is None:
            raise ValueError("the layer has no voters: train it with voted=True")
        ballots = []
        for i in range(self.n_neurons):
            mine = slice(*np.searchsorted(self.votes.neuron, [i, i + 1]))
            n = self._net(X, self.votes.weights[mine], self.votes.bias[mine], None)
            count = self.votes.count[mine]
            ballots.append(np.where(n >= 0, count, -count).sum(axis=-1) / max(count.sum(), 1))
        return np.stack(ballots, axis=-1).astype(self.dtype)

    def _transferred(self, n: np.ndarray) -> np.ndarray:
        if self.transfer == "linear":
            return n
        y = (n >= 0).astype(self.dtype)
        if self.transfer == "hardlims":
            y += y
            y -= 1
        return y

    def _net(self, X: Any, weights: np.ndarray, bias: np.ndarray, threads: int | None) -> np.ndarray:
        if threads is not None:
            _check.whole("threads", threads, 1)
        if _is_sparse(X):
            n, finite = _sparse_net(_sparse(X, self.n_inputs, self.dtype), weights, bias, threads)
            if not finite:
                self._blame(X, n)
            return n
        rows = np.asarray(X) if isinstance(X, np.ndarray) else _real("X", X)
        blas = len(bias) >= LARGE
        if rows.ndim != 2 or len(rows) < MANY or blas or not readable(rows, self.dtype):
            rows = np.ascontiguousarray(rows, self.dtype)
        one = rows.ndim == 1
        if one:
            rows = rows.reshape(1, -1)
        if rows.ndim != 2 or rows.shape[1] != self.n_inputs:
            raise ValueError(f"X must have shape ({self.n_inputs},) or (n, {self.n_inputs}); got {np.shape(X)}")
        n = np.empty((len(rows), len(bias)), self.dtype)
        if blas and len(rows) >= LARGE:
            with np.errstate(all="ignore"):
                np.matmul(rows, weights.T, out=n)
                n += bias
            finite = np.isfinite(n).all()
        else:
            finite = _dense_net(rows, weights, bias, n, threads)
        if not finite:
            self._blame(rows, n)
        return n[0] if one else n

    def _blame(self, X: Any, n: np.ndarray) -> None:
        """Say what is wrong about the first row whose net input is not finite."""
        row = int(np.flatnonzero(~np.isfinite(n).all(axis=1))[0])
        values = X[[row]].toarray()[0] if _is_sparse(X) else X[row]
        _refuse(row, values)

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
        t : (S,) array_like, or int
            Targets, or the class if S > 1.
        rule, learning_rate, tie, margin, C
            As in `train`.

        Returns
        -------
        (S,) ndarray
            f(W x + b) as it was before the correction.

        Examples
        --------
        >>> import fastneuron as fn
        >>> layer = fn.Perceptron(n_inputs=2, n_neurons=1)
        >>> layer.adapt([2, 2], [0])
        array([1.])
        >>> layer.weights, layer.bias
        (array([[-2., -2.]]), array([-1.]))
        """
        key = (rule, learning_rate, tie, margin, C)
        if key != self._adapting[0]:  # making a rule takes as long as the rest
            self._adapting = key, self._rule(*key)
        made = self._adapting[1]
        row = np.ascontiguousarray(x, self.dtype)
        if row.shape != (self.n_inputs,):
            raise ValueError(f"x must have shape ({self.n_inputs},); got {row.shape}")
        target = np.asarray(t, self.dtype)
        if target.shape != (self.n_neurons,):
            target = self._one_target(t)
        n = np.empty(self.n_neurons, self.dtype)
        low = LOW[self.transfer]
        state = dense.adapt(made, row.reshape(1, -1), target.reshape(1, -1), low, self._weights, self._bias, n)
        if state:
            if state == 2:
                self._targets(target.reshape(1, -1), 1, rule)
            _refuse(None, row)
        self.votes = None
        return self._transferred(n)

    def _one_target(self, t: npt.ArrayLike) -> np.ndarray:
        array = np.asarray(t)
        if array.ndim == 0:
            signs = self._targets(array.reshape(1), 1, "perceptron")[0]
            return np.where(signs > 0, 1.0, -1.0 if self.transfer == "linear" else LOW[self.transfer]).astype(
                self.dtype
            )
        raise ValueError(f"t must have shape ({self.n_neurons},), or be the number of a class; got shape {array.shape}")

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
        average: bool = False,
        pocket: bool = False,
        voted: bool = False,
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
        rule : {"perceptron", "normalized", "margin", "PA", "PA-I", "PA-II", "lms"}
            With e = t - f(n), y = +-1 the sign of the target, and b treated as the weight of an input that is always 1:

            - ``"perceptron"``: W += e x (Rosenblatt 1962; MATLAB's learnp);
            - ``"normalized"``: W += e x / sqrt(1 + |x|^2), b += e / sqrt(2) (MATLAB's learnpn);
            - ``"margin"``: W += y x where y n <= `margin`;
            - ``"PA"`` (or ``"passive-aggressive"``): W += y tau x, tau = max(0, 1 - y n) / (|x|^2 + 1); ``"PA-I"``:
              tau at most `C`; ``"PA-II"``: 1/(2 C) added to the divisor (Crammer et al. 2006);
            - ``"lms"``: W += (t - n) x (Widrow & Hoff 1960), t being +-1 unless the transfer is linear.
        learning_rate : float, default 1
            Multiplies every correction; not for the passive-aggressive rules, whose step is part of them.
        shuffle : bool, default False
            Present the rows in a new random order each epoch.
        seed : int, optional
            Of these orders.
        tie : {"hardlim", "margin"}
            When ``"perceptron"`` and ``"normalized"`` correct: where t differs from f(n); or where y n <= 0, then by
            y x, as scikit-learn does.
        margin, C : float, default 1
            Numbers of the rules of these names.
        average : bool, default False
            End with the average of the weights over all presentations (Freund & Schapire 1999).
        pocket : bool, default False
            End with the best weights seen (Gallant 1990, with ratchet).
        voted : bool, default False
            Keep all weights there were, for `forward` to let them vote (Freund & Schapire 1999); R numbers a mistake.
        sample_weight : (n,) or (n, S) array_like, optional
            Multiplies the corrections after a row.
        progress : bool, default False
            Show a progress bar (extra ``progress``).
        threads : int, optional
            Number of threads, each with its share of the neurons; one per core this process may use by default.

        Returns
        -------
        PerceptronHistory
            Mistakes, convergence, Novikoff's bound.

        Raises
        ------
        TypeError, ValueError
            If an argument is not allowed, or X holds something that is not finite.
        FloatingPointError
            If the weights overflow.  Whatever is raised, the layer stays as it was.

        Examples
        --------
        Exclusive or is not linearly separable, and the history says so:

        >>> import fastneuron as fn
        >>> layer = fn.Perceptron(n_inputs=2, n_neurons=1)
        >>> layer.train([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0], epochs=100)
        PerceptronHistory(100 epochs, 398 mistakes, 0 of 1 neurons converged, 1 provably never will)
        """
        epochs = _check.whole("epochs", epochs, 1)
        made = self._rule(rule, learning_rate, tie, margin, C)
        threads = _some_threads(threads)
        if average + pocket + voted > 1:
            raise ValueError("average, pocket and voted exclude each other; got more than one of them")
        keeper: Any = Average if average else Voted if voted else Last
        source: Any
        if T is None:
            self._no_stream(X, epochs, shuffle, pocket, sample_weight)
            source, total = self._stream(X, epochs, rule), 0
        else:
            source = self._rows(X, T, epochs, rule, sample_weight, shuffle, seed)
            total = epochs * len(source.T) * self.n_neurons
        if pocket:
            keeper = functools.partial(Pocket, count_right=self._judge(source))
        with _progress.bar(progress, total, " presentations") as tick:
            try:
                result = training.train(made, self._weights, self._bias, source, keeper, threads, tick)
            except training.NonFinite as failure:
                _refuse(failure.row, failure.values)
        bound = np.full(self.n_neurons, np.nan)
        if T is not None and rule == "perceptron":
            bound = self._novikoff(source, result)
        self._weights, self._bias, self.votes = result.weights, result.bias, result.votes
        return PerceptronHistory(
            mistakes=result.mistakes,
            converged=result.converged,
            cycled=result.cycled,
            bound=bound,
            squared_error=result.squared_error if rule == "lms" else None,
        )

    def _rule(self, rule: str, learning_rate: float, tie: str, margin: float, C: float) -> Any:
        _check.known("rule", rule, rules.RULES)
        _check.known("tie", tie, rules.TIES)
        rate = _check.number("learning_rate", learning_rate, "a positive number", lambda x: x > 0)
        margin = _check.number("margin", margin, "a number, 0 or more", lambda x: x >= 0)
        C = _check.number("C", C, "a positive number", lambda x: x > 0)
        if self.transfer == "linear" and rule != "lms":
            raise ValueError(f"a linear layer is trained by rule 'lms'; got {rule!r}, which needs a hard limit")
        if rule in rules.AGGRESSIVE and rate != 1:
            raise ValueError(f"learning_rate must be 1 for rule {rule!r}, whose step is part of it; got {rate!r}")
        return rules.make(rule, self.transfer, tie, rate, margin, C, self.dtype)

    def _rows(
        self, X: Any, T: Any, epochs: int, rule: str, sample_weight: Any, shuffle: bool, seed: Any
    ) -> training.Rows:
        rows: Any
        if _is_sparse(X):
            n, rows = X.shape[0], _sparse(X, self.n_inputs, self.dtype)
        else:
            rows = _real("X", X)
            if rows.ndim != 2 or rows.shape[1] != self.n_inputs:
                raise ValueError(f"X must have shape (n, {self.n_inputs}); got {rows.shape}")
            n = len(rows)
        if n == 0:
            raise ValueError("X must have at least one row; got none")
        if shuffle and seed is None:
            seed = np.random.SeedSequence().entropy
        return training.Rows(
            X=rows,
            T=self._targets(T, n, rule),
            share=_share(sample_weight, n, self.n_neurons),
            inputs=self.n_inputs,
            dtype=self.dtype,
            epochs=epochs,
            seed=seed if shuffle else None,
        )

    def _no_stream(self, X: Any, epochs: int, shuffle: bool, pocket: bool, sample_weight: Any) -> None:
        if _is_sparse(X) or isinstance(X, np.ndarray) or not isinstance(X, Iterable):
            raise TypeError("T is missing: give train(X, T), or an iterable of batches (X, T) for X")
        for name, given in {"shuffle": shuffle, "pocket": pocket, "sample_weight": sample_weight is not None}.items():
            if given:
                raise ValueError(f"{name} needs all rows at once, and does not go with an iterable of batches")
        if isinstance(X, Iterator) and epochs > 1:
            raise ValueError(
                f"X is an iterator, good for one epoch, but epochs is {epochs}: give something that can be gone "
                "through again, such as a list, or an object whose __iter__ starts anew"
            )

    def _stream(self, batches: Iterable, epochs: int, rule: str) -> Iterator[training.Chunk]:
        for _ in range(epochs):
            waiting, presented = None, 0
            for number, batch in enumerate(batches):
                if not (isinstance(batch, tuple | list) and len(batch) == 2):
                    raise TypeError(f"each batch must be a pair (X, T); batch {number} is a {type(batch).__name__}")
                X, T = batch
                rows = self._rows(X, T, 1, rule, None, False, None)
                for chunk in rows.chunks():
                    if waiting is not None:
                        yield waiting
                    waiting = chunk._replace(rows=presented + chunk.rows, last=False)
                presented += len(rows.T)
            if waiting is None:
                raise ValueError("X must give at least one batch; got none")
            yield waiting._replace(last=True)

    def _targets(self, T: Any, n: int, rule: str) -> np.ndarray:
        """Signs (n, S) int8; for rule lms, numbers of the layer's type."""
        if _is_sparse(T):
            T = T.toarray()
        targets = _real("T", T)
        S, low = self.n_neurons, LOW[self.transfer]
        if targets.ndim not in (1, 2) or len(targets) != n or (targets.ndim == 2 and targets.shape[1] != S):
            raise ValueError(f"T must have shape ({n}, {S}) or ({n},), a row for each row of X; got {targets.shape}")
        if targets.ndim == 1 and S > 1:
            bad = np.flatnonzero(~((targets >= 0) & (targets < S) & (targets == np.floor(targets))))
            if bad.size:
                raise ValueError(
                    f"T must be classes 0 to {S - 1}, one for each neuron; got {targets[bad[0]]} in row {bad[0]}"
                )
            signs = np.full((n, S), -1, np.int8)
            signs[np.arange(n), targets.astype(np.intp)] = 1
            return signs.astype(self.dtype) if rule == "lms" else signs
        targets = targets.reshape(n, S)
        right = np.isfinite(targets) if self.transfer == "linear" else (targets == 1) | (targets == low)
        if not right.all():
            row, column = np.argwhere(~right)[0]
            allowed = "finite" if self.transfer == "linear" else f"{low:g} or 1, for transfer {self.transfer!r}"
            raise ValueError(f"T must be {allowed}; got {targets[row, column]} in row {row}")
        if self.transfer == "linear":
            return np.ascontiguousarray(targets, self.dtype)
        signs = np.where(targets == 1, 1, -1)
        return signs.astype(self.dtype if rule == "lms" else np.int8)

    def _judge(self, rows: training.Rows) -> Any:
        """How many rows weights (1, R) and a bias (1,) get right as a given neuron."""

        def count_right(neuron, weights, bias):
            right = 0
            for samples in rows.once():
                n = self._raw(samples, weights, bias)[:, 0]
                right += np.count_nonzero((n >= 0) == (samples.T[:, neuron] > 0))
            return right

        return count_right

    def _raw(self, samples: Samples, weights: np.ndarray, bias: np.ndarray) -> np.ndarray:
        """Net inputs (n, S) of rows that have been checked."""
        if isinstance(samples.X, Sparse):
            return _sparse_net(samples.X, weights, bias, 1)[0]
        out = np.empty((len(samples.T), len(bias)), self.dtype)
        _dense_net(samples.X, weights, bias, out, 1)
        return out

    def _novikoff(self, rows: training.Rows, result: training.Result) -> np.ndarray:
        bound = np.full(self.n_neurons, np.nan)
        from_zero = ~(self._weights.any(axis=1) | (self._bias != 0))
        found = np.flatnonzero(result.converged & from_zero)
        if not found.size:
            return bound
        weights, bias = result.last[0][found], result.last[1][found]
        longest, margin = 0.0, np.full(found.size, np.inf)
        for samples in rows.once():
            longest = max(longest, float(_squares(samples.X).max()) + 1)
            n = self._raw(samples, weights, bias).astype(np.float64)
            margin = np.minimum(margin, (n * samples.T[:, found]).min(axis=0))
        square = np.einsum("ij,ij->i", weights, weights, dtype=np.float64) + bias.astype(np.float64) ** 2
        with np.errstate(divide="ignore", invalid="ignore"):
            bound[found] = np.where(margin > 0, longest * square / margin**2, np.inf)
        return bound

    # files

    def save(self, path: str | os.PathLike) -> None:
        """Write the layer to an ``.npz`` file, whole or not at all.

        Parameters
        ----------
        path : str or path-like
            Used as it is; by custom it ends in ``.npz``.
        """
        contents: dict[str, Any] = {
            "format": FORMAT, "transfer": self.transfer, "weights": self._weights, "bias": self._bias,
        }  # fmt: skip
        if self.votes is not None:
            contents |= {f"votes_{name}": array for name, array in self.votes._asdict().items()}
        path = Path(path)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            try:
                np.savez(file, **contents)
            except BaseException:
                Path(file.name).unlink()
                raise
        os.replace(file.name, path)

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
            If the file is not such a layer, or of a later format.

        Examples
        --------
        >>> import fastneuron as fn, pathlib, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = pathlib.Path(folder, "layer.npz")
        ...     fn.Perceptron(n_inputs=3, n_neurons=2).save(path)
        ...     fn.Perceptron.load(path)
        Perceptron(n_inputs=3, n_neurons=2, transfer='hardlim', dtype='float64')
        """
        try:
            with np.load(path, allow_pickle=False) as file:
                contents = dict(file)
            version = int(contents["format"])
            if version > FORMAT:
                raise ValueError(f"it is of format {version}, and this fastneuron reads formats up to {FORMAT}")
            S, R = contents["weights"].shape
            layer = cls(R, S, str(contents["transfer"]), contents["weights"].dtype)
            layer.weights, layer.bias = contents["weights"], contents["bias"]
            if "votes_count" in contents:
                layer.votes = Votes(*(contents[f"votes_{name}"] for name in Votes._fields))
        except OSError:
            raise
        except Exception as error:
            raise ValueError(f"{os.fspath(path)!r} is not a saved Perceptron: {error}") from error
        return layer


def least_squares_layer(X: npt.ArrayLike, T: npt.ArrayLike, ridge: float = 0.0) -> tuple[Perceptron, int]:
    """The linear layer with the smallest sum of squared errors, in closed form.

    What rule ``"lms"`` approaches with a small learning rate.

    Parameters
    ----------
    X : (n, R) array_like
        Inputs.
    T : (n, S) or (n,) array_like
        Targets, any numbers; (n,) for a single neuron.
    ridge : float, default 0
        Adds `ridge` times the sum of the squared weights, the bias not among them, to what is made small.

    Returns
    -------
    layer : Perceptron
        With transfer ``"linear"``; in float32 if both X and T are.
    rank : int
        Of the rows with a 1 appended (for ``ridge > 0`` always R + 1).  Where it is below R + 1, many layers do
        equally well, and this is the one of least norm.

    Raises
    ------
    TypeError, ValueError
        If an argument is not allowed.

    Notes
    -----
    By singular value decomposition (LAPACK gelsd), which tells the rank; singular values below eps max(n, R + 1) times
    the largest count as zero.  The normal equations, and their squared condition number, are never formed.

    Examples
    --------
    >>> import fastneuron as fn
    >>> layer, rank = fn.least_squares_layer([[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0])
    >>> layer.weights.round(12), layer.bias.round(12), rank
    (array([[2.]]), array([1.]), 2)
    """
    rows, targets = _real("X", X), _real("T", T)
    ridge = _check.number("ridge", ridge, "a number, 0 or more", lambda x: x >= 0)
    if rows.ndim != 2 or 0 in rows.shape:
        raise ValueError(f"X must have shape (n, R), at least one of each; got {rows.shape}")
    if targets.ndim == 1:
        targets = targets[:, np.newaxis]
    if targets.ndim != 2 or len(targets) != len(rows) or targets.shape[1] == 0:
        raise ValueError(
            f"T must have shape ({len(rows)}, S) or ({len(rows)},), a row for each of X; got {np.shape(T)}"
        )
    for name, array in {"X": rows, "T": targets}.items():
        bad = np.flatnonzero(~np.isfinite(array).all(axis=1))
        if bad.size:
            raise ValueError(f"{name} must be finite; row {bad[0]} is not")
    dtype = np.float32 if rows.dtype == targets.dtype == np.float32 else np.float64
    n, R = rows.shape
    a = np.ones((n + (R if ridge else 0), R + 1), dtype)
    a[:n, :R] = rows
    y = np.zeros((len(a), targets.shape[1]), dtype)
    y[:n] = targets
    if ridge:
        a[n:] = np.sqrt(ridge) * np.eye(R, R + 1)
    import scipy.linalg  # here: it takes longer to import than the rest of the package

    solution, _, rank, _ = scipy.linalg.lstsq(a, y, cond=np.finfo(dtype).eps * max(a.shape), lapack_driver="gelsd")
    layer = Perceptron(R, targets.shape[1], "linear", dtype)
    layer.weights, layer.bias = solution[:R].T, solution[R]
    return layer, int(rank)


def _is_sparse(X: Any) -> bool:
    """Whether X is SciPy's; nothing can be before scipy.sparse is imported, which takes its time."""
    return not isinstance(X, np.ndarray) and "scipy.sparse" in sys.modules and sys.modules["scipy.sparse"].issparse(X)


def _real(name: str, value: Any) -> np.ndarray:
    """`value` as an array of real numbers, of whatever type they are."""
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ValueError(f"{name} must be an array of numbers; {error}") from None
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{name} must be an array of numbers; got one of {array.dtype}")
    return array


def _sparse(X: Any, inputs: int, dtype: np.dtype) -> Sparse:
    if X.ndim != 2 or X.shape[1] != inputs:
        raise ValueError(f"X must have shape (n, {inputs}); got {X.shape}")
    if X.dtype.kind not in "fiub":
        raise TypeError(f"X must be numbers; got a matrix of {X.dtype}")
    rows = X.tocsr()
    if not rows.has_canonical_format:
        rows = rows.copy()
        rows.sum_duplicates()
    if rows.nnz and not 0 <= rows.indices.min() <= rows.indices.max() < inputs:
        raise ValueError(f"X is not a valid CSR matrix: a column index is outside 0 to {inputs - 1}")
    return Sparse(np.ascontiguousarray(rows.data, dtype), rows.indices, rows.indptr)


def _sparse_net(rows: Sparse, weights: np.ndarray, bias: np.ndarray, threads: int | None) -> tuple[np.ndarray, bool]:
    """Net inputs (n, S), and whether all are finite."""
    net = sparse.net_input(rows, weights, bias, _worth(threads, rows.data.size * len(bias) * 8))
    return net, bool(np.isfinite(net).all())


def _squares(X: Any) -> np.ndarray:
    """|x|^2 of each row."""
    if isinstance(X, Sparse):
        sums = np.concatenate(([0.0], np.cumsum(X.data.astype(np.float64) ** 2)))
        return np.diff(sums[X.indptr])
    return np.einsum("ij,ij->i", X, X, dtype=np.float64)


def _share(sample_weight: npt.ArrayLike | None, n: int, S: int) -> np.ndarray:
    if sample_weight is None:
        return np.ones((1, 1))
    share = _real("sample_weight", sample_weight).astype(np.float64)
    if share.shape not in ((n,), (n, S)):
        raise ValueError(f"sample_weight must have shape ({n},) or ({n}, {S}); got {share.shape}")
    share = share.reshape(n, -1)
    bad = np.argwhere(~(np.isfinite(share) & (share >= 0)))
    if bad.size:
        raise ValueError(f"sample_weight must be 0 or more, and finite; got {share[tuple(bad[0])]} in row {bad[0, 0]}")
    return np.ascontiguousarray(share)


def _some_threads(threads: int | None) -> int:
    return _threads.available() if threads is None else _check.whole("threads", threads, 1)


def _worth(threads: int | None, work: int) -> int:
    """So many threads, which have been checked, or fewer for little work."""
    return min(threads or _threads.available(), 1 + work // WORTH_A_THREAD)


def _dense_net(rows: np.ndarray, weights: np.ndarray, bias: np.ndarray, out: np.ndarray, threads: int | None) -> bool:
    """Net inputs to `out`, the rows split over threads; whether all are finite."""
    if len(rows) < MANY:
        return dense.net_input(rows, weights, bias, SHAPE, NOBODY, out)
    if len(weights) > 1:
        weights = aligned(weights)
    work = max(rows.nbytes, out.nbytes // 8 * rows.shape[1])  # few neurons wait for the rows' bytes
    threads, stretch = _worth(threads, work), -(-len(rows) * STRETCH // work)

    def net_input(begin):
        some = slice(begin, begin + stretch)
        return helped(threads, lambda desks: dense.net_input(rows[some], weights, bias, SHAPE, desks, out[some]))

    return all(map(net_input, range(0, len(rows), stretch)))


def _refuse(row: int | None, values: np.ndarray) -> NoReturn:
    """Say why a net input is not finite."""
    bad = np.flatnonzero(~np.isfinite(values))
    where = "" if row is None else f" in row {row}"
    if bad.size:
        raise ValueError(f"X must be finite; got {values[bad[0]]}{where}, column {bad[0]}")
    raise FloatingPointError(f"the net input is no longer finite{where}: the weights overflow; scale X, or slow down")
