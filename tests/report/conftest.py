import pytest

from tests.report import sample_run


@pytest.fixture
def sample(tmp_path):
    """Return the folder of a finished run that has something of everything."""
    return sample_run.write(tmp_path / "runs")
