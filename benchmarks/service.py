"""What a verified `Verify` of the mock service costs, beside a bare handler of the same framework.

    python benchmarks/service.py            # about two minutes
    python benchmarks/service.py --quick    # smaller numbers, for a look

Both servers are processes of their own, on the same HTTP server with the same settings; both get the very same
bytes: `Verify` calls in a POST form, signed beforehand, each with a challenge of its own. The mock checks the
signature, the nonce and the auth code, and stores all of it in a file before it answers; the bare handler
reads the request and returns a constant of the same length. They take turns in short rounds of one run. Goals: at least
half of the bare handler's rate, with 1 and with 8 clients; a store of 1,000,000 devices open within 1 s. With
`--strict` a missed goal is exit code 1.
"""

import argparse
import contextlib
import secrets
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from harness.id2 import authcode
from harness.id2.keys import Key, KeyType
from harness.secret import Secret
from harness.service.access_key import AccessKey
from harness.service.client import Id2Service
from harness.service.mock.server import MockService
from harness.service.mock.signature import sign
from harness.service.mock.store import devices
from harness.service.mock.store.devices import Device, DeviceState
from harness.service.mock.store.store import Store
from harness.service.rpc import percent_encode, timestamp
from harness.service.wire import HttpWire

ROOT = Path(__file__).resolve().parent.parent
GOAL_RATIO = 0.5
GOAL_OPEN_S = 1.0
CLIENTS = (1, 8)
ACCESS_KEY = AccessKey("LTAIBENCHMARK", Secret("benchmark-secret"))
DEVICES = 8

BARE = """
import sys
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route
from harness.web.acceptor import listen
from harness.web.listening import HttpThread
answer = bytes.fromhex(sys.argv[1])
async def constant(request):
    await request.body()
    return Response(answer, 200, {"Content-Type": "application/json;charset=utf-8"})
app = Starlette(routes=[Route("/", constant, methods=["GET", "POST"])])
listener = listen("127.0.0.1", 0, name="the bare server", backlog=128, hint="")
server = HttpThread(app, listener, connections=512, request_s=20, name="the benchmark")
print(f"listening on http://127.0.0.1:{server.port}", flush=True)
sys.stdin.read()
"""


@contextlib.contextmanager
def served(command: list[str]) -> Iterator[tuple[int, int]]:
    """Run a server process; give its port and its process id."""
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        line = process.stdout.readline()
        if not line:
            raise SystemExit(f"{' '.join(command[:3])} did not start:\n{process.stderr.read()}")
        yield urlsplit(line.split()[-1]).port, process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate()


@dataclass(frozen=True)
class Owner:
    """A device and the product it authenticates under."""

    id2: str
    key: Key
    product_key: str


def furnish(db: Path) -> list[Owner]:
    """Make a store with the AccessKey, and some devices under one product."""
    with MockService(db) as mock:
        mock.admin.create_access_key(key=ACCESS_KEY)
        product = mock.admin.create_product("benchmark", licences=DEVICES)
        owners = []
        for _ in range(DEVICES):
            key = Key.parse(KeyType.AES_128, secrets.token_hex(16))
            owners.append(Owner(secrets.token_hex(12).upper(), key, product.product_key))
            mock.admin.add_device(owners[-1].id2, key)
    return owners


def prepared(port: int, owners: list[Owner], count: int) -> list[bytes]:
    """Return `count` whole HTTP requests: signed `Verify` calls, each over a challenge of its own."""
    requests = []
    with Id2Service(HttpWire(f"http://127.0.0.1:{port}", ACCESS_KEY)) as service:
        for number in range(count):
            owner = owners[number % len(owners)]
            challenge = service.get_server_random(owner.id2)
            code = authcode.build(owner.key, owner.id2, challenge=challenge).text
            requests.append(verify_request(owner, code))
    return requests


def verify_request(owner: Owner, code: str) -> bytes:
    parameters = {
        "Action": "Verify",
        "Version": "2017-07-07",
        "ApiVersion": "1.1.2",
        "Format": "JSON",
        "AccessKeyId": ACCESS_KEY.id,
        "SignatureMethod": "HMAC-SHA1",
        "SignatureVersion": "1.0",
        "SignatureNonce": str(uuid.uuid4()),
        "Timestamp": timestamp(datetime.now(UTC)),
        "Id2": owner.id2,
        "ProductKey": owner.product_key,
        "AuthCode": code,
    }
    parameters["Signature"] = sign(ACCESS_KEY.secret, "POST", parameters)
    body = "&".join(f"{name}={percent_encode(value)}" for name, value in parameters.items()).encode()
    head = (
        "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def answer(connection: socket.socket) -> bytes:
    """Read one whole HTTP answer and return its body."""
    data = bytearray()
    while (end := data.find(b"\r\n\r\n")) < 0:
        data += connection.recv(65536) or b"\r\n\r\n"
    head = bytes(data[:end]).lower()
    length = int(head.partition(b"content-length:")[2].split(b"\r\n")[0])
    while len(data) < end + 4 + length:
        data += connection.recv(65536)
    return bytes(data[end + 4 :])


def drive(port: int, requests: list[bytes], clients: int, wanted: bytes) -> tuple[float, list[float]]:
    """Send the requests over `clients` connections; return calls per second and each call's seconds.

    Raises:
        SystemExit: an answer without `wanted` in it: what is counted must be verified calls.
    """
    times: list[list[float]] = [[] for _ in range(clients)]
    wrong: list[bytes] = []
    gate = threading.Barrier(clients + 1)

    def client(number: int) -> None:
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            mine = requests[number::clients]
            gate.wait()
            for request in mine:
                begin = time.perf_counter()
                connection.sendall(request)
                body = answer(connection)
                times[number].append(time.perf_counter() - begin)
                if wanted not in body:
                    wrong.append(body)

    threads = [threading.Thread(target=client, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    gate.wait()
    begin = time.perf_counter()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - begin
    if wrong:
        raise SystemExit(f"{len(wrong)} calls were not verified, for example: {wrong[0][:300]!r}")
    return len(requests) / seconds, [one for each in times for one in each]


def p99(times: list[float]) -> float:
    """Return the 99th percentile in milliseconds."""
    return statistics.quantiles(times, n=100)[98] * 1000


def rates(folder: Path, rounds: int, per_round: int) -> bool:
    """Print rate and p99 of both servers for 1 and 8 clients; tell whether a goal was missed."""
    missed = False
    owners = furnish(folder / "service.db")
    service = [sys.executable, "-m", "harness.cli.main", "service", "--db", str(folder / "service.db")]
    with served(service) as (port, pid):
        sample = prepared(port, owners, 1)[0]
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(sample)
            constant = answer(connection)
        with served([sys.executable, "-c", BARE, constant.hex()]) as (bare_port, bare_pid):
            print("Verify, calls per second (p99)       mock               bare handler       ratio")
            for clients in CLIENTS:
                ours, bares, ratios, costs = [], [], [], []
                for turn in range(rounds + 1):
                    requests = prepared(port, owners, per_round)
                    began = processor_s(bare_pid), processor_s(pid)
                    bare_rate, bare_times = drive(bare_port, requests, clients, b'"Data"')
                    rate, times = drive(port, requests, clients, b'"Data": "true"')
                    ended = processor_s(bare_pid), processor_s(pid)
                    if turn:  # the first round warms up
                        ours.append((rate, p99(times)))
                        bares.append((bare_rate, p99(bare_times)))
                        ratios.append(rate / bare_rate)
                        costs.append(
                            [(end - begin) / per_round for begin, end in zip(began, ended, strict=True)]
                        )
                ratio = statistics.median(ratios)
                missed |= ratio < GOAL_RATIO
                print(
                    f"  {clients} client{'s' if clients > 1 else ' '}                       "
                    f"{shown(ours)}   {shown(bares)}   {ratio:.2f} x; goal >= {GOAL_RATIO} x"
                )
                bare_cost, cost = (statistics.median(values) for values in zip(*costs, strict=True))
                share = statistics.median(bare / mock for bare, mock in costs)
                print(
                    f"    processor time a call         {cost * 1e6:6.0f} µs          {bare_cost * 1e6:6.0f} µs"
                    f"          {share:.2f} x"
                )
    return missed


def processor_s(pid: int) -> float:
    """Return the seconds that all threads of a process have had on a processor."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text(encoding="ascii").split()[0]) for task in tasks) / 1e9


def shown(rounds: list[tuple[float, float]]) -> str:
    rate, worst = (statistics.median(values) for values in zip(*rounds, strict=True))
    return f"{rate:6.0f} ({worst:5.2f} ms)"


def filled(path: Path, count: int) -> None:
    """Make a store with `count` burnt devices."""
    key = Key.parse(KeyType.AES_128, "2122232425262728292A2B2C2D2E2F30")
    store = Store(path)
    with store.transaction() as db:
        for number in range(count):
            devices.insert(db, Device(f"00FFFFFF{number:016X}", key, DeviceState.BURNT), 0)
    store.close()


def opening(path: Path) -> float:
    begin = time.perf_counter()
    Store(path).close()
    return time.perf_counter() - begin


def resident(pid: int) -> int:
    """Return the resident memory of a process in KiB."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(status.partition("VmRSS:")[2].split()[0])


def memory(folder: Path, count: int) -> None:
    """Print the memory of a service with `count` devices, each asked for once, beside one without any."""
    filled(folder / "many.db", count)
    found = []
    for name in ("none.db", "many.db"):
        with MockService(folder / name) as mock:
            mock.admin.create_access_key(key=ACCESS_KEY)
        service = [sys.executable, "-m", "harness.cli.main", "service", "--db", str(folder / name)]
        with (
            served(service) as (port, pid),
            Id2Service(HttpWire(f"http://127.0.0.1:{port}", ACCESS_KEY)) as client,
        ):
            if name == "many.db":
                for number in range(0, count, max(1, count // 1000)):
                    client.get_server_random(f"00FFFFFF{number:016X}")
            found.append(resident(pid))
    print(
        f"memory with {count:,} devices: {found[1] / 1024:.0f} MiB, {found[1] / found[0]:.2f} x "
        f"that of an empty store ({found[0] / 1024:.0f} MiB)"
    )


def open_time(folder: Path, count: int) -> bool:
    """Print how long a store of `count` devices takes to open; tell whether the goal was missed."""
    filled(folder / "large.db", count)
    Store(folder / "small.db").close()
    large = statistics.median(opening(folder / "large.db") for _ in range(5))
    small = statistics.median(opening(folder / "small.db") for _ in range(5))
    size = (folder / "large.db").stat().st_size / 2**20
    print(
        f"opening a store of {count:,} devices ({size:.0f} MiB): {large * 1000:.1f} ms, "
        f"{large / small:.2f} x an empty one; goal <= {GOAL_OPEN_S * 1000:.0f} ms"
    )
    return large > GOAL_OPEN_S


def main() -> int:
    parser = argparse.ArgumentParser(description="The mock service beside a bare handler.")
    parser.add_argument("--quick", action="store_true", help="smaller numbers")
    parser.add_argument("--strict", action="store_true", help="exit 1 when a goal is missed")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        missed = rates(folder, rounds=2 if options.quick else 5, per_round=400 if options.quick else 1500)
        memory(folder, 10_000 if options.quick else 100_000)
        missed |= open_time(folder, 50_000 if options.quick else 1_000_000)
    return 1 if missed and options.strict else 0


if __name__ == "__main__":
    sys.exit(main())
