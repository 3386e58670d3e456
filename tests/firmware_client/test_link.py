"""The link of our firmware on a real socket: it gets its ID² inside the handshake, and is the same device ever after."""

import errno
import re
import threading
import time

import pytest

from harness.itls.extensions import Ext
from harness.simulator.machine.build import build
from harness.simulator.machine.sources import Platform, Recipe, platform_macro
from tests.firmware_client.board import WAIT_S, Board
from tests.simulator.link_server import NAME, PRODUCT_KEY, TOKEN, TOPICS, LinkServer

pytestmark = pytest.mark.slow  # builds a firmware for each carrier


class ListenedTo(Board):
    """A board whose console is read all the time."""

    def listen(self):
        try:
            if self.process.poll() is None:
                self._hear(0)
        except OSError as error:
            if error.errno != errno.EIO:  # the board has just ended, as a test that restarts it wants
                raise

    def until(self, pattern):
        end = time.monotonic() + WAIT_S
        while not re.search(pattern, self.heard):
            assert time.monotonic() < end, self.heard[-500:]
            time.sleep(0.02)


@pytest.fixture
def server():
    server = LinkServer()
    yield server
    server.close()


@pytest.fixture
def start(server, tmp_path):
    """Start a firmware that was told where the server waits; all starts have the same flash."""
    boards = []

    def run(carrier, *, fault=""):
        recipe = Recipe(
            Platform.LINUX,
            carrier,
            ('ID2_DEMO_ID=""',),
            (platform_macro("linux"),),
            link=True,
            probe=False,
            fault=fault,
        )
        host, port = server.address
        subscribe, publish = (topic.format(product_key=PRODUCT_KEY, device_name=NAME) for topic in TOPICS)
        told = {
            "HOST": host,
            "PORT": str(port),
            "PRODUCT_KEY": PRODUCT_KEY,
            "PRODUCT_SECRET": TOKEN,
            "DEVICE_NAME": NAME,
            "KEEPALIVE": "60",
            "SUBSCRIBE": subscribe,
            "PUBLISH": publish,
        }
        environment = {f"ID2_LINK_{name}": value for name, value in told.items()}
        board = ListenedTo(str(build(recipe)), "--flash", str(tmp_path / "flash"), **environment)
        boards.append(board)
        return board

    def listen():
        while not over.wait(0.01):  # a board whose console nobody reads stands still
            for board in boards:
                board.listen()

    over = threading.Event()
    listener = threading.Thread(target=listen)
    listener.start()
    yield run
    over.set()
    listener.join()
    for board in boards:
        board.close()


@pytest.mark.parametrize("carrier", ["km", "tee"])
def test_an_empty_device_gets_its_id_in_the_handshake_and_keeps_it(carrier, start, server):
    board = start(carrier)
    first = server.subscribed()
    assert first.number == 0
    assert [hello.provisioned for hello in first.hellos[:2]] == [False, True]
    assert [one.number for one in first.hellos[0].extensions].count(Ext.AUTH_CODE) == 1
    assert first.hellos[1].id2 in server.products.devices
    server.publish(first, b"there and back")
    server.wait(lambda: server.echoes(first) == [b"there and back"], "an echo")
    board.close()
    start(carrier)
    again = server.subscribed(2)
    assert {hello.id2 for hello in again.hellos} == {first.hellos[1].id2}
    assert len(server.products.devices) == 1
    assert len(server.products.fingerprints) == 1


def test_a_trusted_application_that_is_not_there_asks_for_nothing(start, server):
    board = start("tee", fault="ta-missing")
    board.until(r"(?s)TA not found.*TA not found.*the ID2 cannot be read")
    assert not server.products.fingerprints
    assert not any(met.hellos for met in server.met)
