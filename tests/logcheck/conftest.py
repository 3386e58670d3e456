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
