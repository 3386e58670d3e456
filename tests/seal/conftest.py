import shutil
import subprocess

import pytest

from harness.report.render import close
from harness.seal.approval import approve
from harness.seal.seal import Sealing, seal
from tests.report import sample_run

PEOPLE = ("alice", "bob", "eve")


@pytest.fixture(scope="session")
def keys(tmp_path_factory):
    """Return the folder of a key for each of PEOPLE, and `signers`, which vouches for alice and bob."""
    if shutil.which("ssh-keygen") is None:
        pytest.skip("ssh-keygen is missing: apt-get install openssh-client")
    folder = tmp_path_factory.mktemp("keys")
    for name in PEOPLE:
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", folder / name]
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    lines = [f"{name.capitalize()} {public(folder / name)}\n" for name in ("alice", "bob")]
    (folder / "signers").write_text("".join(lines))
    return folder


def public(key):
    return " ".join(key.with_suffix(".pub").read_text().split()[:2])


@pytest.fixture(scope="session")
def closed(tmp_path_factory):
    """Return the folder of a run that came to its end; never write into it."""
    folder = sample_run.write(tmp_path_factory.mktemp("closed"))
    close(folder)
    return folder


@pytest.fixture(scope="session")
def sealed_once(closed, keys, tmp_path_factory):
    folder = tmp_path_factory.mktemp("sealed") / closed.name
    shutil.copytree(closed, folder)
    seal(folder, Sealing(keys / "alice", name="Alice", approver="Bob"))
    return folder


@pytest.fixture(scope="session")
def approved_once(sealed_once, keys, tmp_path_factory):
    folder = tmp_path_factory.mktemp("approved") / sealed_once.name
    shutil.copytree(sealed_once, folder)
    approve(folder, keys / "bob", name="Bob")
    return folder


@pytest.fixture
def run(closed, tmp_path):
    """Return a copy of a run that came to its end."""
    return shutil.copytree(closed, tmp_path / closed.name)


@pytest.fixture
def sealed(sealed_once, tmp_path):
    """Return a copy of a run that Alice sealed, and that Bob is to approve."""
    return shutil.copytree(sealed_once, tmp_path / "sealed" / sealed_once.name)


@pytest.fixture
def approved(approved_once, tmp_path):
    """Return a copy of a run that Alice sealed and Bob approved."""
    return shutil.copytree(approved_once, tmp_path / "approved" / approved_once.name)
