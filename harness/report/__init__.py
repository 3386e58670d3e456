"""Reports: renderers of a run folder. `close` writes them all and the manifest."""

from collections.abc import Collection
from pathlib import Path


def close(folder: Path, without: Collection[str] = ()) -> list[Path]:
    """Render the reports of a run that has ended, then write its manifest; see `render.close`."""
    from harness.report import render  # noqa: PLC0415 - who only reads a model need not load every renderer

    return render.close(folder, without)
