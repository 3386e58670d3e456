"""`kill -9` under load, again and again: what was acknowledged is there, and nothing was sold or accepted twice.

A round: the real `harness service` on one file, 8 clients that activate, verify and provision, and SIGKILL at a
random moment. Then the file is opened and judged, and every code that was accepted is sent once more.
"""

import contextlib
import itertools
import os
import random
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field

import pytest

from harness.id2 import otp
from harness.secret import Secret
from harness.service.access_key import AccessKey
from harness.service.client import Id2Service
from harness.service.errors import ServiceRefusal, ServiceUnavailable
from harness.service.mock.server import MockService
from harness.service.mock.store.devices import DeviceState
from harness.service.wire import HttpWire
from tests.service.service_bench import Device, new_device

pytestmark = pytest.mark.service

TURN = threading.Lock()
ROUNDS = 25
CLIENTS = 8
DEVICES = 3000
LICENCES = 2800
KEY = AccessKey("TESTKEY", Secret("TESTSECRET"))
RUN = "import typer; from harness.cli.service import register; app = typer.Typer(); register(app); app()"


@dataclass
class Seen:
    """What the clients were told, by device."""

    activated: dict[str, int] = field(default_factory=dict)
    provisioned: list[str] = field(default_factory=list)
    accepted: list[tuple[str, str]] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)


@contextlib.contextmanager
def server(db):
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, "--db", db], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        yield process, process.stdout.readline().removeprefix("listening on ").strip()
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGKILL)
        process.communicate()


def client(endpoint, product, devices, seen, stop):
    token = otp.parse_token(product.product_secret.reveal().decode())
    with Id2Service(HttpWire(endpoint, KEY)) as service:
        for number in itertools.count():
            if stop.is_set():
                return
            with TURN:
                device: Device = next(devices)
            try:
                code = device.answer(service.get_server_random(device.id2))
                service.verify(device.id2, product.product_key, code)
                seen.activated[device.id2] = number
                seen.accepted.append((device.id2, code))
                stamp = device.stamp(time.time_ns() // 1_000_000)
                service.verify(device.id2, product.product_key, stamp)
                seen.accepted.append((device.id2, stamp))
                if number % 4 == 0:
                    session = os.urandom(16)
                    answer = service.otp_get_id2(otp.build_device_code(token, session, os.urandom(8)).data)
                    seen.provisioned.append(otp.parse_data(answer.provision_data).id2)
            except ServiceUnavailable:
                return
            except ServiceRefusal as refusal:
                if refusal.code != 16:
                    seen.twice.append(f"{device.id2}: {refusal}")


def judge(db, product, seen):
    mock = MockService(db)
    try:
        with mock._store.reading() as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
            wrong = connection.execute(
                "SELECT licence.id, used, (SELECT count(*) FROM ledger WHERE licence_id = licence.id) AS entries"
                " FROM licence WHERE used <> entries OR used > quantity"
            ).fetchall()
            assert [tuple(row) for row in wrong] == [], "used, purchased and the ledger agree"
            twice = connection.execute("SELECT id2 FROM ledger GROUP BY id2 HAVING count(*) > 1").fetchall()
            assert [tuple(row) for row in twice] == [], "no device used two licences"
        for id2 in seen.activated:
            known = mock.admin.device(id2)
            assert (known.state, known.product_key) == (DeviceState.BOUND, product.product_key), id2
        for id2 in seen.provisioned:
            assert mock.admin.device(id2).product_key == product.product_key
        assert len(set(seen.provisioned)) == len(seen.provisioned), "an ID² was handed out twice"
        counters = mock.admin.counters(product.product_key)
        assert len(seen.activated) + len(seen.provisioned) <= counters.used <= counters.purchased
    finally:
        mock.close()


def replay(endpoint, product, accepted):
    with Id2Service(HttpWire(endpoint, KEY)) as service:
        for id2, code in accepted:
            with pytest.raises(ServiceRefusal) as caught:
                service.verify(id2, product.product_key, code)
            assert caught.value.code in (34, 35), "accepted a second time"


def test_killed_25_times_under_load(tmp_path):
    seed = random.SystemRandom().randrange(1 << 32)
    chance = random.Random(seed)
    sys.stdout.write(f"seed {seed}\n")
    db = tmp_path / "service.db"
    made = [new_device() for _ in range(DEVICES)]
    mock = MockService(db)
    mock.admin.create_access_key(key=KEY)
    product = mock.admin.create_product("lock", licences=LICENCES)
    for device in made:
        mock.admin.add_device(device.id2, device.key)
    mock.close()

    devices, everything = itertools.cycle(made), Seen()
    kills_with_work = 0
    for _ in range(ROUNDS):
        seen, stop = Seen(), threading.Event()
        with server(db) as (process, endpoint):
            workers = [
                threading.Thread(target=client, args=(endpoint, product, devices, seen, stop))
                for _ in range(CLIENTS)
            ]
            for worker in workers:
                worker.start()
            stop.wait(chance.uniform(0.3, 1.2))
            os.kill(process.pid, signal.SIGKILL)
            stop.set()
            for worker in workers:
                worker.join()
        kills_with_work += bool(seen.accepted)
        assert seen.twice == []
        judge(db, product, seen)
        with server(db) as (_, endpoint):
            replay(endpoint, product, seen.accepted[-40:])
        everything.activated |= seen.activated
        everything.provisioned += seen.provisioned
    judge(db, product, everything)
    sys.stdout.write(f"{len(everything.activated)} activated, {len(everything.provisioned)} provisioned")
    assert kills_with_work >= 2 * ROUNDS // 3, (
        "most kills came under load; a busy machine lets some come early"
    )


def test_two_processes_on_one_file_sell_what_there_is(tmp_path):
    db, licences = tmp_path / "service.db", 60
    made = [new_device() for _ in range(100)]
    mock = MockService(db)
    mock.admin.create_access_key(key=KEY)
    product = mock.admin.create_product("lock", licences=licences)
    for device in made:
        mock.admin.add_device(device.id2, device.key)
    mock.close()
    activated, lock, devices = [], threading.Lock(), iter(made)

    def work(endpoint):
        with Id2Service(HttpWire(endpoint, KEY)) as service:
            while True:
                with lock:
                    device = next(devices, None)
                if device is None:
                    return
                with contextlib.suppress(ServiceRefusal):
                    code = device.answer(service.get_server_random(device.id2))
                    service.verify(device.id2, product.product_key, code)
                    activated.append(device.id2)

    with server(db) as (_, one), server(db) as (_, two):
        workers = [threading.Thread(target=work, args=(endpoint,)) for endpoint in (one, two) * 4]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    assert len(activated) == licences
    judge(db, product, Seen(activated=dict.fromkeys(activated, 0)))
