"""Reports: renderers of a run folder. `render_all` writes them all."""

from pathlib import Path


def render_all(folder: Path) -> list[Path]:
    """Render every report of the run folder, then its manifest; see `render.render_all`."""
    from harness.report import render  # noqa: PLC0415 - who only reads a model need not load every renderer

    return render.render_all(folder)
