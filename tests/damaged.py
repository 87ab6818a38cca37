"""Stores of which one file is damaged, and what every one of them must do."""

import random
import shutil

import fastneuron as fn


def flip(data, rng):
    at = rng.randrange(len(data))
    return data[:at] + bytes([data[at] ^ (1 << rng.randrange(8))]) + data[at + 1 :]


DAMAGES = {
    "flipped": flip,
    "zeroed": lambda data, rng: bytes(len(data)) if any(data) else None,
    "cut": lambda data, rng: data[: rng.randrange(len(data))],
    "removed": lambda data, rng: None,
}


def damage(path, how, rng):
    data = DAMAGES[how](path.read_bytes(), rng)
    if data is None:
        path.unlink()
    else:
        path.write_bytes(data)


def files_of(store):
    """All that fastneuron reads: what an array is called and how it is cut stands in the first."""
    return sorted(
        file for file in store.rglob("*") if file.is_file() and (file.name != "zarr.json" or file.parent == store)
    )


def damaged_copies(path, folder, how):
    """Copies of a store, in each of which another file is damaged: the file, what it is in the copy, the copy."""
    rng = random.Random(how)
    for number, file in enumerate(files_of(path)):
        copy = folder / str(number)
        shutil.copytree(path, copy)
        hurt = copy / file.relative_to(path)
        damage(hurt, how, rng)
        yield file, hurt, copy


def assert_unfinished_proves_itself(path, folder, how, assert_whole):
    """Either an unfinished run says what is wrong, or it comes to the same bits."""
    said = 0
    for _, _, copy in damaged_copies(path, folder, how):
        try:
            assert_whole(fn.resume(copy))
        except (ValueError, FileNotFoundError) as error:
            assert str(copy) in str(error)  # noqa: PT017
            said += 1
    assert said > 10
