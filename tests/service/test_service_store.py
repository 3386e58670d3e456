"""The store: what is kept, what is refused, and what survives `kill -9`."""

import contextlib
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from harness.errors import UsageError
from harness.secret import Secret
from harness.service.access_key import AccessKey
from harness.service.client import Id2Service
from harness.service.errors import ServiceRefusal, ServiceUnavailable
from harness.service.mock.server import MockService
from harness.service.mock.store import schema, store
from harness.service.mock.store.devices import DeviceState
from harness.service.mock.store.store import Store
from harness.service.wire import HttpWire
from tests.service.service_bench import Bench, new_device

KEY = AccessKey("TESTKEY", Secret("TESTSECRET"))
RUN = "import typer; from harness.cli.service import register; app = typer.Typer(); register(app); app()"


def test_everything_is_there_after_reopening(tmp_path):
    db = tmp_path / "service.db"
    with MockService(db) as mock, mock.client() as service:
        bench = Bench(mock, service)
        device, product = bench.active()
        key = bench.admin.default_access_key()
        log = bench.admin.calls()
        open_challenge = service.get_server_random(device.id2)
        stamp = device.stamp(bench.now_ms())
        assert service.verify(device.id2, product.product_key, stamp)
        replay = bench.signed("GetServerRandom", Id2=device.id2)
        assert httpx.post(mock.endpoint, data=replay, trust_env=False).status_code == 200
    with MockService(db) as mock, mock.client() as service:
        assert mock.admin.default_access_key() == (key[0], False)
        assert mock.admin.calls()[: len(log)] == log
        assert mock.admin.product(product.product_key) == product
        assert mock.admin.counters(product.product_key).used == 1
        assert mock.admin.device(device.id2).key == device.key
        assert service.verify(device.id2, product.product_key, device.answer(open_challenge))
        with pytest.raises(ServiceRefusal, match="code 34"):
            service.verify(device.id2, product.product_key, stamp)
        assert "SignatureNonceUsed" in httpx.post(mock.endpoint, data=replay, trust_env=False).text


def test_the_file_is_its_owners_alone(tmp_path):
    db = tmp_path / "service.db"
    opened = Store(db)
    with opened.transaction() as connection:
        connection.execute(
            "INSERT INTO access_key (id, secret, policy, created_ms) VALUES ('a', 'b', 'full', 0)"
        )
    for path in tmp_path.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    opened.close()
    opened.close()


def test_an_older_file_is_brought_up(tmp_path, monkeypatch):
    db = tmp_path / "service.db"
    Store(db).close()
    second = (*schema.MIGRATIONS, "CREATE TABLE later (a INTEGER) STRICT")
    monkeypatch.setattr(store, "MIGRATIONS", second)
    for _ in range(2):
        opened = Store(db)
        with opened.transaction() as connection:
            assert connection.execute("PRAGMA user_version").fetchone()[0] == len(second)
            connection.execute("INSERT INTO later VALUES (1)")
        opened.close()


def test_a_failed_migration_leaves_the_file_as_it_was(tmp_path, monkeypatch):
    db = tmp_path / "service.db"
    Store(db).close()
    with monkeypatch.context() as patched:
        patched.setattr(
            store, "MIGRATIONS", (*schema.MIGRATIONS, "CREATE TABLE later (a) STRICT; CREATE nonsense")
        )
        with pytest.raises(UsageError):
            Store(db)
    Store(db).close()


def newer(path):
    Store(path).close()
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {len(schema.MIGRATIONS) + 1}")


def foreign(path):
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE theirs (a)")


def not_a_database(path):
    path.write_bytes(b"\x7fELF" + b"x" * 5000)


def cut(path):
    Store(path).close()
    path.write_bytes(path.read_bytes()[:5000])


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (newer, "newer version"),
        (foreign, "another program"),
        (not_a_database, "not a database"),
        (cut, "malformed"),
        (lambda path: path.mkdir(), "directory"),
    ],
)
def test_files_that_are_not_ours(tmp_path, make, says):
    db = tmp_path / "service.db"
    make(db)
    with pytest.raises(UsageError, match=says) as caught:
        MockService(db)
    assert str(db) in caught.value.message
    assert "--db" in caught.value.hint


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(UsageError, match="No such file"):
        MockService(tmp_path / "nowhere" / "service.db")


def test_used_can_never_pass_purchased():
    """The last net under the code: the table itself refuses."""
    with MockService() as mock:
        product = mock.admin.create_product("lock", licences=1)
        with pytest.raises(sqlite3.IntegrityError), mock._store.transaction() as db:
            db.execute("UPDATE licence SET used = 2")
        assert mock.admin.counters(product.product_key).used == 0


def test_a_failing_transaction_is_undone():
    opened = Store()
    with contextlib.suppress(ZeroDivisionError), opened.transaction() as db:
        db.execute("INSERT INTO access_key (id, secret, policy, created_ms) VALUES ('a', 'b', 'full', 0)")
        raise ZeroDivisionError
    with opened.transaction() as db:
        assert db.execute("SELECT count(*) FROM access_key").fetchone()[0] == 0
    opened.close()


def test_a_locked_store_is_a_busy_service(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "_BUSY_MS", 10)
    db = tmp_path / "service.db"
    with MockService(db) as mock, mock.client() as service:
        device = Bench(mock, service).device()
        with contextlib.closing(sqlite3.connect(db, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(ServiceRefusal, match="code 54"):
                service.get_server_random(device.id2)
            other.execute("ROLLBACK")
        assert service.get_server_random(device.id2)


def test_a_defect_inside_is_answered_with_500_and_undone(monkeypatch, caplog):
    with MockService() as mock, mock.client() as service:
        bench = Bench(mock, service)
        device, product = bench.device(), bench.product(licences=1)
        code = device.answer(service.get_server_random(device.id2))
        with monkeypatch.context() as patched:
            patched.setattr("harness.service.mock.store.devices.update", lambda *_: 1 / 0)
            with pytest.raises(ServiceUnavailable, match="HTTP 500"):
                service.verify(device.id2, product.product_key, code)
        assert "ZeroDivisionError" in caplog.text
        assert mock.admin.counters(product.product_key).used == 0
        assert service.verify(device.id2, product.product_key, code)


def test_kill_9_keeps_what_was_acknowledged(tmp_path):
    killed_after = 25
    db = tmp_path / "service.db"
    devices = [new_device() for _ in range(60)]
    with MockService(db) as mock:
        mock.admin.create_access_key(key=KEY)
        product = mock.admin.create_product("lock", licences=len(devices) - 10)
        for device in devices:
            mock.admin.add_device(device.id2, device.key)
    server = subprocess.Popen(
        [sys.executable, "-c", RUN, "--db", db], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    endpoint = server.stdout.readline().removeprefix("listening on ").strip()
    acknowledged = {}
    enough = threading.Event()

    def activate(device):
        with (
            contextlib.suppress(ServiceUnavailable, ServiceRefusal),
            Id2Service(HttpWire(endpoint, KEY)) as service,
        ):
            code = device.answer(service.get_server_random(device.id2))
            service.verify(device.id2, product.product_key, code)
            acknowledged[device.id2] = code
            if len(acknowledged) >= killed_after:
                enough.set()

    with ThreadPoolExecutor(4) as pool:
        work = [pool.submit(activate, device) for device in devices]
        assert enough.wait(30)
        os.kill(server.pid, signal.SIGKILL)
        for done in work:
            done.result()
    server.communicate()

    assert killed_after <= len(acknowledged) < len(devices)
    with MockService(db) as mock, mock.client() as service:
        bound = {device.id2 for device in devices if mock.admin.device(device.id2).state is DeviceState.BOUND}
        assert set(acknowledged) <= bound
        counters = mock.admin.counters(product.product_key)
        assert counters.used == len(bound) <= counters.purchased
        for id2, code in acknowledged.items():
            with pytest.raises(ServiceRefusal, match="code 35"):
                service.verify(id2, product.product_key, code)
