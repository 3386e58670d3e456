from pathlib import Path

import pytest

SAMPLES = Path(__file__).parents[1] / "samples"


@pytest.fixture(scope="session")
def sample():
    """Return the bytes of a captured console by a part of its file's name."""
    files = {path.stem: path.read_bytes() for path in SAMPLES.glob("*.log")}

    def read(part: str) -> bytes:
        (name,) = [name for name in files if part in name]
        return files[name]

    return read


@pytest.fixture(autouse=True)
def width_of_a_pipe(monkeypatch):
    """Tables are as wide as they are in a pipe, whatever terminal runs the tests."""
    monkeypatch.delenv("COLUMNS", raising=False)
