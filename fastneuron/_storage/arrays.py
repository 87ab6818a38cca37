"""The arrays of a store: files of raw numbers, each with its checksum at its end, as zarr's own crc32c codec has it.

Written here and not by zarr: through its event loop and its threads, a run of 10,000 neurons that keeps V every ms
takes 3 % longer.  The checksums take 0.1 ms per MB (11 GB/s).
"""

from __future__ import annotations

import functools
import math
import os
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .._files import sync_folder, whole_file
from .damage import Refused, damaged

CHUNK = 16_000_000  # bytes of samples in a chunk of an array, at most
CHECKSUM = 4  # bytes
CHUNK_KEY = re.compile(r"/c(/\d+)*$")


def zarr() -> Any:
    """The library, or what to install."""
    try:
        import xarray  # noqa: F401, to fail before the run, not after
        import zarr
    except ImportError:
        raise ImportError("out= needs zarr and xarray: pip install zarr xarray dask") from None
    return zarr


@functools.cache
def _crc32c() -> Callable[[Any], int]:
    """The checksum of Castagnoli, from whichever library zarr has it."""
    try:
        import google_crc32c
    except ImportError:
        import crc32c

        return crc32c.crc32c
    return google_crc32c.value


@functools.cache
def _checked_store() -> type:
    """zarr's store in a folder, where a chunk that is missing or damaged is an error that names its file."""
    from zarr.storage import LocalStore

    class CheckedStore(LocalStore):
        async def get(self, key: str, prototype: Any = None, byte_range: Any = None) -> Any:
            return self._sound(key, await super().get(key, prototype, byte_range), byte_range)

        def get_sync(self, key: str, *, prototype: Any = None, byte_range: Any = None) -> Any:
            return self._sound(key, super().get_sync(key, prototype=prototype, byte_range=byte_range), byte_range)

        def _sound(self, key: str, found: Any, byte_range: Any) -> Any:
            if CHUNK_KEY.search(key) and byte_range is None:
                _verify(self.root / key, None if found is None else found.as_numpy_array())
            return found

    return CheckedStore


def open_group(path: Path, mode: str = "r", consolidated: bool = True) -> Any:
    """A zarr group whose chunks are checked as they are read."""
    return zarr().open_group(_checked_store()(path), mode=mode, use_consolidated=consolidated)


def create(
    group: Any,
    name: str,
    shape: tuple[int, ...],
    dtype: Any,
    dimensions: Sequence[str],
    units: str | None = None,
    chunks: tuple[int, ...] | None = None,
) -> Any:
    """A new array in a group, in place of one of this name; what is not written reads as NaN or -1."""
    from zarr.codecs import Crc32cCodec

    dtype = np.dtype(dtype)
    if chunks is None:
        row = math.prod(shape[1:]) * dtype.itemsize
        chunks = (min(max(CHUNK // max(row, 1), 1), shape[0]), *shape[1:]) if shape else ()
    return group.create_array(
        name,
        shape=shape,
        chunks=tuple(max(size, 1) for size in chunks),
        dtype=dtype,
        fill_value=np.nan if dtype.kind == "f" else -1,
        dimension_names=dimensions,
        attributes=None if units is None else {"units": units},
        # lz4, of shuffled bytes, saves a third of the room and takes 6 % of the time of a run
        compressors=Crc32cCodec(),
        overwrite=True,
    )


def write(folder: Path, array: Any, values: np.ndarray, offset: Sequence[int] | None = None) -> None:
    """Write whole chunks of the array in `folder`, from `offset` on, the first number of a chunk."""
    first = [0] * values.ndim if offset is None else [at // size for at, size in zip(offset, array.chunks, strict=True)]
    for index in _indices(*map(_count, values.shape, array.chunks)):
        inside = tuple(slice(i * size, (i + 1) * size) for i, size in zip(index, array.chunks, strict=True))
        chunk = values[inside]
        if chunk.shape != array.chunks:  # at an edge of the array
            part = chunk
            chunk = np.full(array.chunks, array.fill_value, values.dtype)
            chunk[tuple(map(slice, part.shape))] = part
        key = array.metadata.encode_chunk_key(tuple(i + at for i, at in zip(index, first, strict=True)))
        _write_file(folder / key, np.ascontiguousarray(chunk))


def put(group: Any, path: Path, name: str, value: Any, dimensions: Sequence[str], units: str | None = None) -> None:
    """Make an array of a group in the folder `path`, and write it."""
    value = np.asarray(value)
    write(path / name, create(group, name, value.shape, value.dtype, dimensions, units), value)


def read(folder: Path, array: Any) -> np.ndarray:
    """The whole array in `folder`; ValueError that names the file where a chunk is missing, cut or changed.

    No memory is taken before all files have been found to be as long as the array says.
    """
    check(folder, array)
    values = np.empty(array.shape, array.dtype)
    for index, path in _files(folder, array):
        chunk = _verify(path, np.fromfile(path, np.uint8)).view(array.dtype).reshape(array.chunks)
        inside = tuple(slice(i * size, (i + 1) * size) for i, size in zip(index, array.chunks, strict=True))
        values[inside] = chunk[tuple(map(slice, values[inside].shape))]
    return values


def check(folder: Path, array: Any, columns: int | None = None) -> None:
    """ValueError that names the file where a chunk is missing or cut, of the whole array or its first columns."""
    names = [type(codec).__name__ for codec in array.metadata.codecs]
    if names != ["BytesCodec", "Crc32cCodec"]:
        raise damaged(folder, f"its codecs are {', '.join(names)}")
    expected = math.prod(array.chunks) * array.dtype.itemsize + CHECKSUM
    for _, path in _files(folder, array, columns):
        try:
            size = path.stat().st_size
        except (FileNotFoundError, NotADirectoryError):
            _verify(path, None)
        if size != expected:
            raise damaged(path, f"it has {size} bytes in place of {expected}")


def columns(array: Any, number: int) -> Any:
    """The first columns of a zarr array, which stay on the disk, as a zarr array."""
    if number == array.shape[-1]:
        return array
    some = array.metadata.update_shape((*array.shape[:-1], number))
    inner = array._async_array
    return type(array)(type(inner)(metadata=some, store_path=inner.store_path, config=inner.config))


def _files(folder: Path, array: Any, columns: int | None = None) -> Iterator[tuple[tuple[int, ...], Path]]:
    """The index and the file of each chunk, in order."""
    shape = array.shape if columns is None else (*array.shape[:-1], min(columns, array.shape[-1]))
    for index in _indices(*map(_count, shape, array.chunks)):
        yield index, folder / array.metadata.encode_chunk_key(index)


def _indices(*counts: int) -> Iterator[tuple[int, ...]]:
    """As `np.ndindex` has them, however many a damaged file says there are."""
    if not counts:
        yield ()
        return
    for i in range(counts[0]):
        for others in _indices(*counts[1:]):
            yield (i, *others)


def _count(size: int, chunk: int) -> int:
    return -(-size // chunk)


def _verify(path: Path, data: np.ndarray | None) -> np.ndarray:
    """The bytes of a file, as it was read, without their checksum."""
    if data is None:
        raise Refused(f"{os.fspath(path)!r} is missing: the run is damaged")
    numbers = data[:-CHECKSUM]
    if _crc32c()(numbers) != int.from_bytes(data[-CHECKSUM:].tobytes(), "little"):
        raise damaged(path, "its checksum is another")
    return numbers


def _write_file(path: Path, chunk: np.ndarray) -> None:
    make_folders(path.parent)
    data = chunk.reshape(-1).view(np.uint8)
    with whole_file(path) as file:
        file.write(data.data)
        file.write(_crc32c()(data).to_bytes(CHECKSUM, "little"))
        if hasattr(os, "posix_fadvise"):  # nobody reads it soon: the memory of one chunk serves for the next
            file.flush()
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def make_folders(folder: Path) -> None:
    """Make a folder and those above it, each named on the disk."""
    if not folder.is_dir():
        make_folders(folder.parent)
        folder.mkdir(exist_ok=True)
        sync_folder(folder.parent)
