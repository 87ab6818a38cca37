"""PyTorch: eager, or with forward and backward passes compiled."""

import itertools
from collections.abc import Callable

import numpy as np
import torch

from ..tasks import RATE, Forward, Network

PACKAGE = "torch"


def forward(task: Forward, threads: int) -> Callable[[], np.ndarray]:
    """Its linear layer."""
    torch.set_num_threads(threads)
    X, W, b = map(torch.from_numpy, task.arrays)
    return lambda: torch.nn.functional.linear(X, W, b).numpy()


def network(task: Network, threads: int, compiled: bool = False) -> Callable[[], Callable[[], np.ndarray]]:
    """The usual loop, over permuted rows that are tensors already; one net after another."""
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    X, y, held_out, _ = map(torch.from_numpy, task.rows)
    entropy = torch.nn.CrossEntropyLoss()

    def loss(net: torch.nn.Module, rows: torch.Tensor, classes: torch.Tensor) -> torch.Tensor:
        return entropy(net(rows), classes)

    price = torch.compile(loss, dynamic=False) if compiled else loss

    def one() -> torch.nn.Module:
        parts: list[torch.nn.Module] = []
        for a, b in itertools.pairwise(task.layers):
            parts += [torch.nn.Linear(a, b, dtype=X.dtype), torch.nn.Tanh()]
        net = torch.nn.Sequential(*parts[:-1])
        optimizer = torch.optim.SGD(net.parameters(), lr=RATE)
        for _ in range(task.epochs):
            order = torch.randperm(len(X))
            for low in range(0, len(X), task.batch):
                some = order[low : low + task.batch]
                optimizer.zero_grad()
                price(net, X[some], y[some]).backward()
                optimizer.step()
        return net

    def train() -> Callable[[], np.ndarray]:
        nets = [one() for _ in range(task.nets)]
        return lambda: np.stack([net(held_out).argmax(1).numpy() for net in nets])

    return train
