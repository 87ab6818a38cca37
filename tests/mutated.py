"""Damaged and hostile .npz files, for whatever reads them."""

import io
import tracemalloc
import zipfile

import numpy as np

ALLOWANCE = 400_000  # bytes that reading takes however small the file is


def mutations(data, n, seed=0):
    """`n` files like that of the bytes `data`: damaged bytes, and sound archives of other arrays."""
    rng = np.random.default_rng(seed)
    for number in range(n):
        yield (_other_bytes, _other_arrays, _other_headers)[number % 3](data, rng)


def _other_bytes(data, rng):
    """Bytes changed, cut off, taken out, put in or repeated."""
    damaged = bytearray(data)
    for _ in range(rng.integers(1, 4)):
        at, length = rng.integers(0, max(len(damaged), 1)), rng.integers(1, 40)
        kind = rng.integers(0, 5)
        if kind == 0:
            damaged[at : at + length] = rng.bytes(len(damaged[at : at + length]))
        elif kind == 1:
            del damaged[at:]
        elif kind == 2:
            del damaged[at : at + length]
        elif kind == 3:
            damaged[at:at] = rng.bytes(length)
        else:
            damaged[at : at + 1] = bytes([rng.choice([0, 1, 255, 127])])
    return bytes(damaged)


def _entries(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _archive(entries):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return file.getvalue()


def _npy(array):
    file = io.BytesIO()
    np.lib.format.write_array(file, np.asarray(array), allow_pickle=True)
    return file.getvalue()


def _other_arrays(data, rng):
    """One array of another shape, kind or value, or missing, or too many."""
    entries = _entries(data)
    name = str(rng.choice(list(entries)))
    array = np.load(io.BytesIO(entries[name]), allow_pickle=False)
    odd = [
        lambda a: a[..., np.newaxis], lambda a: np.concatenate([a.ravel(), a.ravel()]), lambda a: a.ravel()[:0],
        lambda a: a.astype(str), lambda a: np.zeros(a.shape, complex), lambda a: np.zeros(a.shape, "M8[s]"),
        lambda a: np.zeros(a.shape, [("x", float)]), lambda a: a.astype(object), lambda a: np.full(a.shape, -1),
        lambda a: np.full(a.shape, np.nan), lambda a: np.full(a.shape, -np.inf), lambda a: a.T.copy(),
        lambda a: np.full(a.shape, 2**62), lambda a: np.zeros(rng.integers(0, 5, rng.integers(0, 4))),
        lambda a: a[::-1], lambda a: np.zeros(a.shape, np.float16), lambda a: np.zeros(a.shape, np.longdouble),
        lambda a: a.astype(">f8"), lambda a: np.full(a.shape, "relu"), lambda a: np.zeros(a.shape, a.dtype),
    ]  # fmt: skip
    kind = rng.integers(0, len(odd) + 2)
    if kind == len(odd):
        del entries[name]
    elif kind == len(odd) + 1:
        entries[f"{rng.choice(['more', 'format', name])}.npy"] = _npy(np.ones(3))
    else:
        try:
            entries[name] = _npy(odd[kind](array))
        except (ValueError, TypeError, IndexError):  # a text is no number
            del entries[name]
    return _archive(entries)


def _other_headers(data, rng):
    """A header that claims another type, order or shape."""
    entries = _entries(data)
    name = str(rng.choice(list(entries)))
    content = entries[name]
    header, rest = content[10:128], content[128:]
    claims = [
        (b"'shape': (", b"'shape': (1000000, "), (b"'shape': (", b"'shape': (2147483648, 4294967296, "),
        (b"'shape': (", b"'shape': (-"), (b"'<f8'", b"'<f4'"), (b"'<f4'", b"'<f8'"), (b"'<i8'", b"'<u8'"),
        (b"False", b"True"), (b"'<f8'", b"'|O'"), (b"'<U", b"'<U99999"), (b"{", b"{{"),
        (b"{", b"__import__('os') or {"), (b"(", b"((((((((((((((((((((((("), (b"'descr'", b"'kind'"),
    ]  # fmt: skip
    old, new = claims[rng.integers(0, len(claims))]
    header = header.rstrip().replace(old, new, 1).ljust(117) + b"\n"
    entries[name] = content[:8] + len(header).to_bytes(2, "little") + header + rest
    return _archive(entries)


def check(load, data, same, n, path, seed=0):
    """Every one of `n` mutations ends in a ValueError that names the file, or in what `same` is true of.

    No reading takes more than ten times the size of the file.
    """
    refused = 0
    path.write_bytes(data)
    load(path)  # what is compiled and imported once is not a file's memory
    for mutation in mutations(data, n, seed):
        path.write_bytes(mutation)
        tracemalloc.start()
        message, loaded = "", None
        try:
            loaded = load(path)
        except ValueError as error:
            message = str(error)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 10 * len(mutation) + ALLOWANCE
        if message:
            refused += 1
        assert str(path) in message if message else same(loaded)
    assert refused > n / 2
