"""Files are written whole or not at all, and read as data."""

import os
import stat
import zipfile

import numpy as np
import pytest

from fastneuron._files import Field, reading, whole_file, write_arrays

FIELDS = {"name": Field("text", ()), "W": Field("number", ("S", "R")), "b": Field("number", ("S",)),
          "count": Field("whole number", (2,), needed=False)}  # fmt: skip
GOOD = {"format": 1, "name": "x", "W": np.arange(6.0).reshape(2, 3), "b": np.ones(2, ">f4")}


def read(path):
    with reading(path, "a test file", FIELDS, 1) as file:
        return {name: file[name] for name in FIELDS if name in file}


# writing


def test_a_file_has_the_mode_that_open_gives(tmp_path):
    path = tmp_path / "new"
    old = os.umask(0o027)
    try:
        with whole_file(path) as file:
            file.write(b"1")
    finally:
        os.umask(old)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    path.chmod(0o604)
    with whole_file(path) as file:
        file.write(b"2")
    assert stat.S_IMODE(path.stat().st_mode) == 0o604
    assert path.read_bytes() == b"2"


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_what_fails_leaves_the_old_file_and_nothing_else(tmp_path, error):
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def fail():
        with whole_file(path) as file:
            file.write(b"new")
            raise error

    with pytest.raises(type(error)):
        fail()
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["file"]


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "folder" / "file")
    with whole_file(tmp_path / "link") as file:
        file.write(b"1")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "folder" / "file").read_bytes() == b"1"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no such device")
def test_a_device_is_written_to_and_not_replaced():
    def write():
        with whole_file("/dev/full") as file:
            file.write(b"1")

    with pytest.raises(OSError, match="No space left"):
        write()
    assert stat.S_ISCHR(os.stat("/dev/full").st_mode)


# reading


def test_what_is_written_is_read(tmp_path):
    write_arrays(tmp_path / "good.npz", **GOOD)
    found = read(tmp_path / "good.npz")
    assert sorted(found) == ["W", "b", "name"]
    assert np.array_equal(found["W"], GOOD["W"])
    assert found["b"].dtype == np.float32
    assert found["W"].flags.writeable
    write_arrays(tmp_path / "order.npz", **GOOD | {"W": np.asfortranarray(GOOD["W"]), "count": np.array([1, 2])})
    assert np.array_equal(read(tmp_path / "order.npz")["W"], GOOD["W"])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": 2}, "it is of format 2, and this fastneuron reads formats 1 to 1"),
        ({"format": 1.0}, "format must be of kind 'whole number'"),
        ({"format": None}, "it has no array 'format'"),
        ({"W": None}, "it has no array 'W'"),
        ({"W": np.ones(3)}, r"W must have shape \(S, R\); it has \(3,\)"),
        ({"b": np.ones(3)}, r"b must have shape \(S,\), S = 2; it has \(3,\)"),
        ({"count": np.arange(3)}, r"count must have shape \(2,\); it has \(3,\)"),
        ({"b": np.array([1.0, np.nan])}, "b must be finite; got nan at index 1"),
        ({"W": np.ones((2, 3), int)}, "W must be of kind 'number'"),
        ({"W": np.ones((2, 3), np.float16)}, "W must be of kind 'number'"),
        ({"W": np.ones((2, 3), complex)}, "W must be of kind 'number'"),
        ({"name": np.array(b"x")}, "name must be of kind 'text'"),
        ({"W": np.zeros((2, 3), [("a", float)])}, "array 'W' is not one of numbers or text"),
        ({"extra": 1}, "it has an array that does not belong there, 'extra.npy'"),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path, changes, message):
    contents = {name: value for name, value in (GOOD | changes).items() if value is not None}
    write_arrays(tmp_path / "bad.npz", **contents)
    with pytest.raises(ValueError, match=rf"bad\.npz' is not a test file: {message}"):
        read(tmp_path / "bad.npz")


def test_pickles_and_compressed_arrays_are_refused(tmp_path):
    np.savez(tmp_path / "bad.npz", **GOOD | {"name": np.array([{}], object)})
    with pytest.raises(ValueError, match="'name' is not one of numbers or text"):
        read(tmp_path / "bad.npz")
    np.savez_compressed(tmp_path / "bad.npz", **GOOD)
    with pytest.raises(ValueError, match="compressed"):
        read(tmp_path / "bad.npz")


@pytest.mark.parametrize("shape", ["(2, 900000000)", "(100000000000000000, 100000000000000000)", "(-2, 3)"])
def test_sizes_are_compared_before_memory_is_taken(tmp_path, shape):
    write_arrays(tmp_path / "good.npz", **GOOD)
    with zipfile.ZipFile(tmp_path / "good.npz") as old, zipfile.ZipFile(tmp_path / "bad.npz", "w") as new:
        for entry in old.infolist():
            data = old.read(entry)
            if entry.filename == "W.npy":
                header = data[10:128].rstrip().replace(b"(2, 3)", shape.encode()).ljust(117) + b"\n"
                data = data[:8] + len(header).to_bytes(2, "little") + header + data[128:]
            new.writestr(entry.filename, data)
    with pytest.raises(ValueError, match=r"is not as long as it says|not one of numbers"):
        read(tmp_path / "bad.npz")


@pytest.mark.parametrize("data", [b"", b"text", b"PK\x05\x06" + bytes(18), b"PK\x03\x04" + bytes(100)])
def test_what_is_no_archive(tmp_path, data):
    (tmp_path / "bad.npz").write_bytes(data)
    with pytest.raises(ValueError, match=r"bad\.npz' is not a test file"):
        read(tmp_path / "bad.npz")


def test_what_cannot_be_opened(tmp_path):
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "none.npz")
    with pytest.raises((IsADirectoryError, PermissionError)):
        read(tmp_path)
    with pytest.raises(TypeError, match="path must be a path"):
        read(3)
