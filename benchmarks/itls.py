"""What an iTLS connection costs, beside Python's own `ssl` doing full TLS 1.2 over loopback.

    python benchmarks/itls.py            # about a minute
    python benchmarks/itls.py --quick    # smaller numbers, for a look

Client and server are processes of their own. The servers take turns in short rounds of one run:

    ssl       TLS 1.2, ECDHE with a P-256 certificate that the client verifies, AES-256-CBC with HMAC-SHA384
    itls      the same blocking loop around our server, with the device's key in memory
    gateway   what `harness service --itls-port` runs: asyncio, the store in a file, licences, activation, call log

This Python's `ssl` (3.11) has no pre-shared keys, so a certificate stands on its side: an elliptic-curve signature
and key exchange in OpenSSL's C and assembler against AES, SHA-256 and our Python. Goal: at least half of `ssl`'s
handshakes per second. With `--strict` a missed goal is exit code 1.
"""

import argparse
import contextlib
import cProfile
import pstats
import signal
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import trustme

from harness.id2 import ciphers, servercode
from harness.id2.keys import Key, KeyType
from harness.itls.client import ClientConnection, ClientPolicy
from harness.itls.device_identity import KeyIdentity
from harness.itls.events import DataReceived
from harness.itls.server import Admission, ServerConnection

ROOT = Path(__file__).resolve().parent.parent
GOAL_RATIO = 0.5
ID2 = "2122232425262728292A2B2C"
KEY = Key.parse(KeyType.AES_128, "2122232425262728292A2B2C2D2E2F30")  # the vendor's published debug key
PRODUCT_KEY = "a1benchmark"
CHALLENGE = "55B83408399FA660F05C82E4F25333DC"
CIPHER = "ECDHE-ECDSA-AES256-SHA384"
CHUNK = 16384
READ = 65536


class OneDevice:
    """Knows one device, and admits it without a look at its code: what is measured is the protocol."""

    def challenge(self, _hello):
        return CHALLENGE

    def provision(self, _hello):
        raise AssertionError("nobody asks")

    def admit(self, hello, _challenge):
        code = servercode.build(KEY, ID2, hello.random.hex().upper())
        return Admission(code.text, lambda premaster: ciphers.encrypt(KEY, premaster))


# ---- the servers


def listening() -> socket.socket:
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    print(listener.getsockname()[1], flush=True)
    return listener


def serve_itls() -> None:
    listener, authority = listening(), OneDevice()
    while True:
        peer, _ = listener.accept()
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with peer:
            connection, received = ServerConnection(authority), 0
            while data := peer.recv(READ):
                for event in connection.receive(data):
                    if isinstance(event, DataReceived):
                        received += len(event.data)
                        if event.data[-1:] == b"\n":
                            connection.send(b"%d\n" % received)
                if out := connection.take():
                    peer.sendall(out)


def serve_ssl(folder: str) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{folder}/server.pem")
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(CIPHER)
    context.options |= ssl.OP_NO_TICKET
    listener = listening()
    while True:
        raw, _ = listener.accept()
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with contextlib.suppress(OSError), context.wrap_socket(raw, server_side=True) as peer:
            received = 0
            while data := peer.recv(READ):
                received += len(data)
                if data[-1:] == b"\n":
                    peer.sendall(b"%d\n" % received)


def serve_gateway(folder: str) -> None:
    from harness.gateway.gateway import Gateway
    from harness.service.mock.server import MockService

    stop = []
    signal.signal(signal.SIGTERM, lambda *_: stop.append(1))
    with MockService(Path(folder) / "store.db") as mock:
        mock.admin.create_product("benchmark", licences=10, product_key=PRODUCT_KEY)
        mock.admin.add_device(ID2, KEY)
        with Gateway(mock) as gateway:
            print(gateway.address[1], flush=True)
            while not stop:
                signal.pause()


SERVERS = {"itls": serve_itls, "ssl": serve_ssl, "gateway": serve_gateway}


@dataclass(frozen=True)
class Served:
    """A server process."""

    port: int
    pid: int

    def cpu_s(self) -> float:
        """CPU seconds of the process so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / 100


@contextlib.contextmanager
def served(kind: str, folder: str) -> Iterator[Served]:
    process = subprocess.Popen(
        [sys.executable, __file__, "--serve", kind, "--folder", folder],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Served(int(process.stdout.readline()), process.pid)
    finally:
        process.terminate()
        process.communicate()


# ---- the clients


class ItlsClient:
    """Connects with our client, and stays for bulk data."""

    def __init__(self, port: int, policy: ClientPolicy | None = None) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.connection = ClientConnection(KeyIdentity(ID2, KEY), PRODUCT_KEY, policy=policy)
        self.connection.start()
        while not self.connection.established:
            self.socket.sendall(self.connection.take())
            self.connection.receive(self.socket.recv(READ))

    def send(self, data: bytes) -> None:
        self.connection.send(data)
        self.socket.sendall(self.connection.take())

    def line(self) -> bytes:
        text = b""
        while not text.endswith(b"\n"):
            for event in self.connection.receive(self.socket.recv(READ)):
                if isinstance(event, DataReceived):
                    text += event.data
        return text

    def close(self) -> None:
        self.socket.close()


class SslClient:
    """The same with `ssl`."""

    def __init__(self, port: int, context: ssl.SSLContext) -> None:
        raw = socket.create_connection(("127.0.0.1", port))
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket = context.wrap_socket(raw, server_hostname="localhost")

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def line(self) -> bytes:
        text = b""
        while not text.endswith(b"\n"):
            text += self.socket.recv(READ)
        return text

    def close(self) -> None:
        self.socket.close()


Connect = Callable[[], ItlsClient | SslClient]


def handshakes(connect: Connect, count: int) -> float:
    """Return handshakes per second, one after the other, TCP connect and close included."""
    started = time.perf_counter()
    for _ in range(count):
        connect().close()
    return count / (time.perf_counter() - started)


def bulk(connect: Connect, megabytes: int) -> float:
    """Return megabytes per second from client to server, the answer of the server included."""
    client = connect()
    block = bytes(CHUNK)
    blocks = megabytes * 1_000_000 // CHUNK
    started = time.perf_counter()
    for _ in range(blocks):
        client.send(block)
    client.send(b"\n")
    assert client.line() == b"%d\n" % (blocks * CHUNK + 1), "not all bytes arrived"
    took = time.perf_counter() - started
    client.close()
    return blocks * CHUNK / took / 1e6


# ---- where the time goes


def profile(count: int) -> list[tuple[str, float]]:
    """Return the share of each part in a handshake of both sides in this process, in per cent."""
    profiler = cProfile.Profile()
    profiler.enable()
    for _ in range(count):
        server = ServerConnection(OneDevice())
        client = ClientConnection(KeyIdentity(ID2, KEY), PRODUCT_KEY)
        client.start()
        while not client.established:
            server.receive(client.take())
            client.receive(server.take())
    profiler.disable()
    parts: Counter[str] = Counter()
    for (file, _, name), (_, _, own, _, _) in pstats.Stats(profiler).stats.items():
        parts[_part(file, name)] += own
    whole = sum(parts.values())
    return [(part, 100 * own / whole) for part, own in parts.most_common()]


def _part(file: str, name: str) -> str:
    if "/harness/itls/" in file:
        return f"itls/{Path(file).stem}"
    if "/harness/id2/" in file:
        return "id2: auth codes, sealing"
    if "cryptography" in file or "openssl" in name or "Cipher" in name:
        return "cryptography: AES"
    if "hmac" in file or "hash" in name or "hmac" in name or "digest" in name:
        return "hashlib and hmac"
    return "Python's own"


# ---- the run


def alternate(measure: Callable[[str], float], names: list[str], rounds: int) -> dict[str, list[float]]:
    """Measure all in turn, round after round."""
    found: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(rounds):
        for name in names:
            found[name].append(measure(name))
    return found


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="smaller numbers, for a look")
    parser.add_argument("--strict", action="store_true", help="a missed goal is exit code 1")
    parser.add_argument("--serve", choices=SERVERS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        serve = SERVERS[given.serve]
        serve() if given.serve == "itls" else serve(given.folder)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        return compare(folder, quick=given.quick, strict=given.strict)


def compare(folder: str, *, quick: bool, strict: bool) -> int:
    authority = trustme.CA()
    authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(f"{folder}/server.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    authority.configure_trust(context)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(CIPHER)
    rounds, count, megabytes = (3, 50, 2) if quick else (7, 200, 10)
    with contextlib.ExitStack() as running:
        servers = {name: running.enter_context(served(name, folder)) for name in SERVERS}
        connect: dict[str, Connect] = {
            "ssl": lambda: SslClient(servers["ssl"].port, context),
            "itls": lambda: ItlsClient(servers["itls"].port),
            "gateway": lambda: ItlsClient(servers["gateway"].port),
            "itls 16384": lambda: ItlsClient(servers["itls"].port, ClientPolicy(max_fragment=None)),
        }
        print(f"{ssl.OPENSSL_VERSION}, {sys.implementation.name} {sys.version.split()[0]}")
        print(f"\nhandshakes per second, {rounds} rounds of {count} each, one after the other")
        before = {name: server.cpu_s() for name, server in servers.items()}
        rates = alternate(lambda name: handshakes(connect[name], count), ["ssl", "itls", "gateway"], rounds)
        base = statistics.median(rates["ssl"])
        missed = False
        for name, found in rates.items():
            rate = statistics.median(found)
            cpu = 1e3 * (servers[name].cpu_s() - before[name]) / (rounds * count)
            ratio = rate / base
            verdict = (
                ""
                if name == "ssl"
                else f"   goal {GOAL_RATIO} x: {'met' if ratio >= GOAL_RATIO else 'MISSED'}"
            )
            missed |= ratio < GOAL_RATIO
            print(
                f"  {name:8} {rate:8.0f} /s   ratio {ratio:5.2f} x   server CPU {cpu:5.2f} ms{verdict}"
                f"   (rounds {min(found):.0f} to {max(found):.0f})"
            )
        print(f"\nbulk to the server, MB/s, {rounds} rounds of {megabytes} MB in writes of {CHUNK} bytes")
        speeds = alternate(lambda name: bulk(connect[name], megabytes), ["ssl", "itls", "itls 16384"], rounds)
        base = statistics.median(speeds["ssl"])
        labels = {"itls": "itls, fragments of 1024", "itls 16384": "itls, fragments of 16384"}
        for name, found in speeds.items():
            speed = statistics.median(found)
            print(f"  {labels.get(name, name):24} {speed:8.1f} MB/s   ratio {speed / base:5.2f} x")
    print("\nwhere the time of a handshake goes (both sides, under the profiler)")
    for part, share in profile(50 if quick else 300):
        if share >= 1:
            print(f"  {part:28} {share:5.1f} %")
    return 1 if strict and missed else 0


if __name__ == "__main__":
    sys.exit(main())
