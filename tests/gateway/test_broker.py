"""mosquitto as the gateway's broker: started, used, ended, and gone with an owner that was killed."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from harness.errors import BenchError
from harness.gateway.mqtt import broker as module
from harness.gateway.mqtt.broker import Broker
from tests.gateway.test_mqtt import packet

pytestmark = pytest.mark.link


def answers(address: tuple[str, int]) -> bool:
    try:
        with socket.create_connection(address, 5) as peer:
            peer.sendall(packet())
            return peer.recv(4) == b"\x20\x02\x00\x00"
    except ConnectionError:
        return False


def test_it_answers_on_loopback_and_leaves_nothing():
    with Broker() as broker:
        address, folder = broker.address, Path(broker._folder.name)
        assert address[0] == "127.0.0.1"
        assert answers(address)
        assert folder.is_dir()
        with Broker() as other:
            assert other.address != address
            assert answers(other.address)
    assert not answers(address)
    assert not folder.exists()
    broker.stop()


def test_it_dies_with_an_owner_that_is_killed():
    script = (
        "from harness.gateway.mqtt.broker import Broker; import sys\n"
        "broker = Broker(); broker.start()\n"
        "print(broker.address[1], broker._folder.name, flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as owner:
        port, folder = owner.stdout.readline().split()
        watcher = socket.create_connection(("127.0.0.1", int(port)), 30)
        watcher.sendall(packet(keep_alive=0))
        assert watcher.recv(4) == b"\x20\x02\x00\x00"
        owner.send_signal(signal.SIGKILL)
        owner.stdin.close()
        owner.wait()
    assert watcher.recv(1) == b"", "the broker closed the connection, because it ended"
    watcher.close()
    end = time.monotonic() + 30
    while Path(folder).exists() and time.monotonic() < end:
        os.sched_yield()
    assert not Path(folder).exists()


def test_one_that_ends_by_itself_is_told_once_and_leaves_nothing():
    told = threading.Event()
    calls = []
    with Broker(lambda: (calls.append(1), told.set())) as broker:
        process, folder = broker._process, Path(broker._folder.name)
        os.killpg(process.pid, signal.SIGKILL)
        assert told.wait(30)
        assert broker.lost
        assert process.returncode == -signal.SIGKILL, "its shell was not waited for, and is defunct"
        assert process.stdin.closed
    assert calls == [1]
    assert not folder.exists()


def test_one_that_is_stopped_is_not_lost():
    calls = []
    with Broker(lambda: calls.append(1)) as broker:
        pass
    assert not broker.lost
    assert calls == []


def test_a_port_that_somebody_takes_in_between_is_chosen_anew(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        free = module._free_port
        ports = iter([taken.getsockname()[1]])
        monkeypatch.setattr(module, "_free_port", lambda: next(ports, None) or free())
        with Broker() as broker:
            assert answers(broker.address)


def test_a_program_that_does_not_start_is_told_with_its_last_words(monkeypatch):
    monkeypatch.setattr(module, "_CONFIG", module._CONFIG + "no_such_option 1\n")
    with pytest.raises(BenchError, match="no_such_option") as broken:
        Broker().start()
    assert "mosquitto" in broken.value.hint
