"""Files: written whole or not at all, and read as data, whose sizes are known before memory is taken for them."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import math
import os
import re
import stat
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np

from . import _check
from ._kernel.replacing import replacing

# The header of a .npy file as NumPy writes it.  NumPy's own reader evaluates it as Python and takes any dtype.
HEADER = re.compile(
    rb"\{'descr': '([<>|=]?[a-zA-Z]\d{1,9})', 'fortran_order': (True|False), "
    rb"'shape': \(((?:\d{1,18}(?:, ?)?)*)\), \} *\n"
)
MAGIC = b"\x93NUMPY\x01\x00"
KINDS = {"number": "f", "whole number": "iu", "text": "U"}


@contextmanager
def whole_file(path: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
    """A new file, open for writing, that takes the place of `path` once all is written and on the disk.

    If anything fails before, what stood there stands there still.  The file has the mode of the one it replaces, or
    what the umask leaves of 0666; a symbolic link stays, and what it points to is replaced.
    """
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file() and not target.is_dir():  # a pipe or a device cannot be replaced
        with open(target, "wb") as file:
            yield file
        return
    with replacing(target, 0o666) as file:
        with contextlib.suppress(OSError):  # no such file, or a file system without modes
            os.chmod(file.name, stat.S_IMODE(target.stat().st_mode))
        yield file
        file.flush()
        os.fsync(file.fileno())
    sync_folder(target.parent)


def sync_folder(folder: Path) -> None:
    """Do not go on before the disk has the names of a folder; Windows has no way to ask for that."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def exchange(one: Path, other: Path) -> None:
    """Let two folders take each other's place, at once where the system can do that."""
    calls = {"linux": ("renameat2", -100, -100), "darwin": ("renameatx_np", -2, -2)}  # from the current folder
    with contextlib.suppress(KeyError, AttributeError, OSError):  # on another system, or another file system
        name, here, there = calls[sys.platform]
        call = getattr(ctypes.CDLL(None, use_errno=True), name)
        if call(here, os.fsencode(one), there, os.fsencode(other), ctypes.c_uint(2)) == 0:
            return
    between = one.with_name(f"{one.name}.old")
    other.rename(between)
    one.rename(other)
    between.rename(one)


class Field(NamedTuple):
    """An array that a file holds: the kind of its elements, and its shape.

    A length given by a letter is any, but the same wherever the letter stands.
    """

    kind: str  # of KINDS
    shape: tuple[int | str, ...]
    needed: bool = True


class Arrays:
    """The arrays of an open .npz file; nothing but their headers has been read."""

    def __init__(self, archive: zipfile.ZipFile, fields: dict[str, Field], latest: int) -> None:
        self._archive = archive
        self._headers: dict[str, tuple[np.dtype, bool, tuple[int, ...]]] = {}
        size = os.fstat(archive.fp.fileno()).st_size  # type: ignore[union-attr]
        entries = {entry.filename: entry for entry in archive.infolist()}
        if len(entries) < len(archive.infolist()):
            raise ValueError("two arrays have the same name")
        for entry in entries.values():  # zipfile takes as much memory as `compress_size` says
            if entry.compress_type != zipfile.ZIP_STORED or entry.compress_size != entry.file_size:
                raise ValueError(f"{_check.shown(entry.filename)} is compressed")
        if sum(entry.file_size for entry in entries.values()) > size:
            raise ValueError("its arrays are said to be larger than the file")
        self._read_header("format", entries, Field("whole number", ()))
        version = int(self["format"])
        if not 1 <= version <= latest:
            raise ValueError(f"it is of format {version}, and this fastneuron reads formats 1 to {latest}")
        unknown = sorted(entries.keys() - {f"{name}.npy" for name in [*fields, "format"]})
        if unknown:
            raise ValueError(f"it has an array that does not belong there, {_check.shown(unknown[0])}")
        for name, field in fields.items():
            if field.needed or f"{name}.npy" in entries:
                self._read_header(name, entries, field)
        self._check_shapes(fields)

    def __contains__(self, name: str) -> bool:
        return name in self._headers

    def shape(self, name: str) -> tuple[int, ...]:
        """The shape of an array."""
        return self._headers[name][2]

    def dtype(self, name: str) -> np.dtype:
        """The type of an array's elements, in the byte order of this machine."""
        return self._headers[name][0].newbyteorder("=")

    def __getitem__(self, name: str) -> np.ndarray:
        """Read an array; numbers are finite."""
        kind, by_columns, shape = self._headers[name]
        data = self._archive.read(f"{name}.npy")
        order: Any = "F" if by_columns else "C"
        found = np.frombuffer(data, kind, offset=len(data) - math.prod(shape) * kind.itemsize)
        found = found.reshape(shape, order=order).astype(kind.newbyteorder("="), order="C")
        _check.finite(name, found, "index")
        return found

    def text(self, name: str) -> str:
        """Read an array of one text."""
        return str(self[name])

    def _read_header(self, name: str, entries: dict[str, zipfile.ZipInfo], field: Field) -> None:
        entry = entries.get(f"{name}.npy")
        if entry is None:
            raise ValueError(f"it has no array {name!r}")
        with self._archive.open(entry) as file:
            start = file.read(len(MAGIC) + 2)
            length = int.from_bytes(start[len(MAGIC) :], "little")
            header = HEADER.fullmatch(file.read(length)) if start.startswith(MAGIC) else None
        if header is None:
            raise ValueError(f"array {name!r} is not one of numbers or text")
        kind = np.dtype(header[1].decode())
        shape = tuple(map(int, re.findall(rb"\d+", header[3])))
        if kind.kind not in KINDS[field.kind] or (kind.kind == "f" and kind.itemsize not in (4, 8)):
            raise ValueError(f"{name} must be of kind {field.kind!r}; it is of {kind}")
        if len(start) + length + math.prod(shape) * kind.itemsize != entry.file_size:
            raise ValueError(f"array {name!r} of shape {shape} is not as long as it says")
        self._headers[name] = kind, header[2] == b"True", shape

    def _check_shapes(self, fields: dict[str, Field]) -> None:
        lengths: dict[str, int] = {}
        for name, field in fields.items():
            if name not in self:
                continue
            shape, known = self.shape(name), dict(lengths)
            fits = len(shape) == len(field.shape)
            for length, found in zip(field.shape, shape, strict=False):
                fits &= found == (lengths.setdefault(length, found) if isinstance(length, str) else length)
            if not fits:
                wanted = f"({', '.join(map(str, field.shape))}{',' * (len(field.shape) == 1)})"
                for letter in known.keys() & set(field.shape):
                    wanted += f", {letter} = {known[letter]}"
                raise ValueError(f"{name} must have shape {wanted}; it has {shape}")


@contextmanager
def reading(path: str | os.PathLike[str], what: str, fields: dict[str, Field], latest: int) -> Iterator[Arrays]:
    """The arrays of a .npz file that holds `fields` and its format, of `latest` at most; nothing in it is executed.

    No more memory is taken than the file is large, and a small multiple of that: what the headers claim is compared
    with the size of the file first.  Whatever is wrong about the contents, here or in the body of the ``with``, is a
    ValueError that names the file and says that it is not `what`.
    """
    _check.path("path", path)
    with open(path, "rb") as file:
        try:
            with zipfile.ZipFile(file) as archive:
                yield Arrays(archive, fields, latest)
        except MemoryError:
            raise
        except OSError as error:
            if error.errno != errno.EINVAL:  # a place before the file's beginning: so is a damaged archive found out
                raise
            raise ValueError(f"{os.fspath(path)!r} is not {what}: it is damaged") from error
        except Exception as error:
            raise ValueError(f"{os.fspath(path)!r} is not {what}: {error}") from error


def write_arrays(path: str | os.PathLike[str], **arrays: Any) -> None:
    """Write arrays to a .npz file, whole or not at all."""
    _check.path("path", path)
    with whole_file(path) as file:
        np.savez(file, allow_pickle=False, **arrays)
