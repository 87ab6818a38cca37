"""Where a command writes to."""

from __future__ import annotations

from pathlib import Path


def writable(name: str, path: Path | None, suffixes: set[str]) -> None:
    """ValueError where a file cannot be written: before the work, not after it."""
    if path is None:
        return
    if path.suffix[1:].lower() not in suffixes:
        raise ValueError(f"{name} must end in {', '.join('.' + suffix for suffix in sorted(suffixes))}; got '{path}'")
    if not path.parent.is_dir():
        raise ValueError(f"{name} must be in a folder that exists; got '{path}'")
    new = not path.exists()
    try:
        path.open("ab").close()
    except OSError as error:
        raise ValueError(f"{name} must be a file that can be written; got '{path}' ({error.strerror})") from None
    if new:
        path.unlink()


def drawable(name: str, path: Path) -> None:
    """The same of a figure, which is drawn without a window."""
    try:
        import matplotlib
    except ImportError:
        raise ImportError("a figure needs matplotlib: pip install matplotlib") from None
    matplotlib.use("agg")
    from matplotlib.backend_bases import FigureCanvasBase

    writable(name, path, set(FigureCanvasBase.get_supported_filetypes()))
