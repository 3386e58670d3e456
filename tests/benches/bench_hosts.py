"""Hosts on one machine: a network namespace, an address on its loopback for each, a real sshd each."""

import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
STAND_IN = Path(__file__).with_name("stand_in.py")
PORT = 2222
_CLONE_NEWNET = 0x40000000
_SLOWER = 3  # times a machine with other work may take


def enter_namespace():
    """Leave the machine's network: from here on there is a loopback of our own and nothing else."""
    if os.environ.get("BENCHES_NAMESPACE") == str(os.getpid()):
        return
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWNET):
        raise PermissionError(
            os.strerror(ctypes.get_errno()) + ": a network namespace takes root: sudo make benches-test"
        )
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    os.environ["BENCHES_NAMESPACE"] = str(os.getpid())


class BenchHost:
    def __init__(self, root, number, boards, **environment):
        self.name = f"bench-{number}"
        self.address = f"127.0.1.{number}"
        self.boards = list(boards)
        self.folder = root / self.name
        self.runs = self.folder / "runs"
        self.locks = root / "locks"
        self.environment = {
            # Other processes of tests have hosts of the same names at the same time.
            "STAND_IN_HOST": str(self.folder),
            "STAND_IN_LOCKS": str(self.locks),
            "PYTHONPATH": str(ROOT),
            **environment,
        }
        self.folder.mkdir(parents=True)
        self.locks.mkdir(exist_ok=True)
        self.harness = [sys.executable, str(STAND_IN)]
        self._root = root
        self.process = None
        self.is_cut_off = False

    def start(self):
        key = self.folder / "host_key"
        if not key.exists():
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
        config = self.folder / "sshd_config"
        told = " ".join(f'{name}="{value}"' for name, value in self.environment.items())
        config.write_text(
            f"Port {PORT}\nListenAddress {self.address}\nHostKey {key}\nAuthorizedKeysFile {self._root}/client.pub\n"
            "StrictModes no\nUsePAM no\nPidFile none\nPermitRootLogin prohibit-password\nLogLevel ERROR\n"
            f"PasswordAuthentication no\nMaxStartups 100\nSetEnv {told}\n"
        )
        Path("/run/sshd").mkdir(exist_ok=True)
        with (self.folder / "sshd.log").open("ab") as log:
            self.process = subprocess.Popen(
                ["/usr/sbin/sshd", "-D", "-e", "-f", str(config)], stderr=log, start_new_session=True
            )
        until(lambda: answers(self.address), 5)

    def processes(self):
        """Everything that runs on this host: sshd and its children, and all that has the host's environment."""
        mark = f"STAND_IN_HOST={self.folder}\0".encode()
        found = set()
        for path in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if mark in (path / "environ").read_bytes():
                    found.add(int(path.name))
        if self.process is not None:
            found |= {self.process.pid, *children(self.process.pid)}
        return found

    def die(self):
        """Go down, all at once, as a host whose power is cut."""
        for _ in range(2):
            for pid in self.processes():
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        if self.process is not None:
            self.process.wait()
            self.process = None

    def cut_off(self):
        """Be silent: packets to this host vanish."""
        subprocess.run(
            ["ip", "route", "add", "blackhole", f"{self.address}/32", "table", "local"], check=True
        )
        subprocess.run(
            ["ip", "route", "del", f"{self.address}/32", "dev", "lo", "table", "local"],
            check=False,
            capture_output=True,
        )

    def connect_again(self):
        subprocess.run(
            ["ip", "route", "del", "blackhole", f"{self.address}/32", "table", "local"], check=True
        )

    def campaign(self, name):
        return self.runs / ".campaigns" / name

    def events(self, name):
        path = self.campaign(name) / "progress.jsonl"
        return [json.loads(line) for line in path.read_bytes().splitlines()] if path.exists() else []


class Lab:
    def __init__(self, root, hosts):
        self.root = root
        self.hosts = hosts
        self.runs = root / "client" / "runs"
        self.folder = root / "client"
        self.folder.mkdir(exist_ok=True)
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", root / "key"], check=True)
        (root / "client.pub").write_text((root / "key.pub").read_text())
        for host in hosts:
            host.start()
        self.ssh_config = root / "ssh_config"
        self.write_ssh_config()
        self.write()

    def write_ssh_config(self):
        known = self.root / "known_hosts"
        lines = []
        for host in self.hosts:
            kind, key, *_ = (host.folder / "host_key.pub").read_text().split()
            lines.append(f"[{host.address}]:{PORT} {kind} {key}")
        known.write_text("\n".join(lines) + "\n")
        blocks = [
            f"Host {host.name}\n  HostName {host.address}\n  Port {PORT}\n  User root\n"
            for host in self.hosts
        ]
        self.ssh_config.write_text(
            "".join(blocks)
            + f"Host *\n  IdentityFile {self.root}/key\n  IdentitiesOnly yes\n  UserKnownHostsFile {known}\n"
        )

    def write(self, **more):
        hosts = {
            host.name: {
                "ssh": host.name,
                "harness": " ".join(host.harness),
                "folder": str(host.folder),
                "runs": "runs",
                "boards": host.boards,
            }
            for host in self.hosts
        }
        (self.folder / "lab.yaml").write_text(yaml.safe_dump({"version": 1, "hosts": hosts, **more}))

    def command(self, *words):
        return [sys.executable, "-m", "harness", "lab", *words]

    def start(self, *words, config=True):
        """Start a client."""
        more = (
            ["--ssh-config", str(self.ssh_config)]
            if config and words[0] in {"run", "attach", "status", "reap"}
            else []
        )
        return subprocess.Popen(
            self.command(*words, *more),
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *words, limit=60):
        """Run a client to its end; return its exit code, JSON document and stderr."""
        client = self.start(*words, "--json")
        return ended(client, limit)

    def campaign(self, limit=60):
        """Wait until a host has begun a campaign, and return its name."""
        return until(
            lambda: next(
                (
                    path.parent.name
                    for host in self.hosts
                    for path in host.runs.glob(".campaigns/2*/progress.jsonl")
                ),
                None,
            ),
            limit,
        )

    def running(self, limit=60):
        """Wait until a board of every host runs, and return the campaign's name."""
        name = self.campaign(limit)
        until(
            lambda: all(
                any(one["event"] == "scenario_finished" for one in host.events(name)) for host in self.hosts
            ),
            limit,
        )
        return name

    def journal(self):
        return (self.root / "locks" / "runs.jsonl").read_text().splitlines()

    def copy(self, name, host, runs=None):
        """Return the events that the client has of a host."""
        path = (runs or self.runs) / ".lab" / name / f"{host}.progress.jsonl"
        return [json.loads(line) for line in path.read_bytes().splitlines()]

    def close(self):
        for host in self.hosts:
            if host.is_cut_off:
                host.connect_again()
            host.die()


def ended(client, limit=60):
    """Wait for the end of a client; return its exit code, JSON document and stderr. `limit` is as that of `until`."""
    limit *= _SLOWER
    try:
        out, errors = client.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        client.kill()
        out, errors = client.communicate()
        raise AssertionError(f"the client did not end within {limit} s:\n{out}\n{errors}") from None
    try:
        return client.returncode, json.loads(out), errors
    except ValueError:
        raise AssertionError(f"exit code {client.returncode}:\n{out}\n{errors}") from None


def children(pid):
    found = set()
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                found |= {int(child), *children(int(child))}
    return found


def answers(address):
    with socket.socket() as one:
        one.settimeout(0.2)
        return one.connect_ex((address, PORT)) == 0


def until(what, limit, step=0.02):
    """Return what comes; `limit` is what a machine without other work needs, in seconds, and others get more."""
    limit *= _SLOWER
    deadline = time.monotonic() + limit
    while time.monotonic() < deadline:
        if found := what():
            return found
        time.sleep(step)
    raise AssertionError(f"did not happen within {limit} s")
