"""The how-to pages: their code and their line of registration become packages outside the tree, their commands are run."""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


class Page:
    """One page of docs/: its code blocks, by language, in order."""

    def __init__(self, name):
        self.text = (ROOT / "docs" / name).read_text()
        self.commands = re.findall(r"^harness (.*)$", self.text, re.MULTILINE)

    def blocks(self, language):
        return re.findall(rf"```{language}\n(.*?)```", self.text, re.DOTALL)

    def install(self, site, number=0, **changes):
        """Install the package of the code block with this number, its source changed as told, into the folder `site`."""
        source, registration = self.blocks("python")[number], self.blocks("toml")[number]
        for old, new in changes.items():
            assert old in source
            source = source.replace(old, new)
        group, entry = registration.strip().splitlines()
        module = re.search(r'"(\w+):', entry)[1]
        info = site / f"{module}-1.0.dist-info"
        info.mkdir(parents=True)
        (site / f"{module}.py").write_text(source)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
        name = re.search(r'entry-points\."(.*)"', group)[1]
        (info / "entry_points.txt").write_text(f"[{name}]\n{entry.replace(chr(34), '')}\n")

    def missing_files(self):
        """Return the files of the tree that the page names and that are not there."""
        named = set(re.findall(r"`((?:harness|tests)/[\w/.]+)", self.text))
        return [path for path in sorted(named) if not (ROOT / path.rstrip(".:")).exists()]


def harness(site, folder, *arguments, timeout=120):
    """Run a command with the packages in `site` installed, in `folder`; no traceback may come."""
    done = subprocess.run(
        [sys.executable, "-m", "harness", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{site}", "COLUMNS": "200"},  # no line of a plan is broken
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    assert "Traceback" not in done.stdout + done.stderr
    return done
