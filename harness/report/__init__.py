"""Reports: renderers of a run folder. `close` writes them all and the manifest."""

from pathlib import Path


def close(folder: Path) -> list[Path]:
    """Render every report of a run that has ended, then write its manifest; see `render.close`."""
    from harness.report import render  # noqa: PLC0415 - who only reads a model need not load every renderer

    return render.close(folder)
