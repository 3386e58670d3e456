"""A thousand devices at once for a minute: every byte of each is verified both ways, and none is lost.

The gateway is `harness service` in a process of its own, whose memory is measured; the devices are in this one.
"""

import asyncio
import os
import random
import re
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from harness.itls.client import ClientConnection
from harness.itls.device_identity import KeyIdentity
from harness.itls.events import DataReceived
from harness.secret import Secret
from harness.service.mock import token
from tests.gateway.test_mqtt import SUFFIX, packet, text

pytestmark = pytest.mark.link

DEVICES = 1000
SECONDS = 60.0
AT_ONCE = 50
PAUSE_S = 2.0
LARGEST = 4096
PATIENCE_S = 60.0
MOST_KIB_EACH = 256
PRODUCT_KEY, PRODUCT_SECRET = "a1LOADabcde", "i11LOADLOADLOADLOADLOADLOADLOADLO"
SEED = f"""\
access_keys: [{{id: TESTKEY, secret: TESTSECRET, policy: full}}]
products:
  - {{product_key: {PRODUCT_KEY}, product_secret: {PRODUCT_SECRET}, name: load, console: iot-platform,
     licences: {2 * DEVICES}}}
"""


@contextmanager
def far_end(folder: Path, *options: str) -> Iterator[tuple[int, int]]:
    """Run the service and give its process id and the port of iTLS."""
    seed = folder / "seed.yaml"
    seed.write_text(SEED)
    command = [
        sys.executable,
        "-m",
        "harness.cli.main",
        "service",
        "--seed",
        str(seed),
        "--itls-port",
        "0",
        *options,
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            process.stdout.readline()
            yield process.pid, int(process.stdout.readline().rpartition(":")[2])
        finally:
            process.terminate()


def memory_kib(pid: int) -> int:
    return int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())[1])


def say(line: str) -> None:
    print(f"\n{line}", end="", flush=True)  # noqa: T201 - the numbers are what this is for


def processor_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@dataclass
class Held:
    """One device on the line."""

    number: int
    connection: ClientConnection
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    inbox: bytearray = field(default_factory=bytearray)

    async def step(self) -> None:
        data = await asyncio.wait_for(self.reader.read(65536), PATIENCE_S)
        assert data, f"device {self.number} was cut off"
        for event in self.connection.receive(data):
            if isinstance(event, DataReceived):
                self.inbox += event.data
        await self.flush()

    async def flush(self) -> None:
        if data := self.connection.take():
            self.writer.write(data)
            await self.writer.drain()

    async def send(self, data: bytes) -> None:
        self.connection.send(data)
        await self.flush()

    async def read(self, count: int) -> bytes:
        while len(self.inbox) < count:
            await self.step()
        data = bytes(self.inbox[:count])
        del self.inbox[:count]
        return data


async def connected(number: int, port: int) -> Held:
    """Connect a device that has no ID² yet: it is provisioned on the way."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    identity = KeyIdentity(
        None, None, token=token.parse(Secret(PRODUCT_SECRET)), fingerprint=f"device {number:06}".encode()
    )
    device = Held(number, ClientConnection(identity, PRODUCT_KEY), reader, writer)
    device.connection.start()
    await device.flush()
    while not device.connection.established:
        await device.step()
    return device


async def echoed(device: Held, payload: bytes) -> None:
    await device.send(payload)
    assert await device.read(len(payload)) == payload


def remaining(size: int) -> bytes:
    return bytes((size,)) if size < 128 else bytes((size & 0x7F | 0x80, size >> 7))


def publish(topic: str, payload: bytes) -> bytes:
    return b"\x30" + remaining(2 + len(topic) + len(payload)) + text(topic) + payload


async def subscribed(device: Held) -> None:
    name = f"load{device.number}"
    await device.send(packet(f"{name}|{SUFFIX}|", f"{name}&{PRODUCT_KEY}"))
    assert await device.read(4) == b"\x20\x02\x00\x00"
    body = b"\x00\x01" + text(f"/{PRODUCT_KEY}/load{device.number}/own") + b"\x00"
    await device.send(b"\x82" + remaining(len(body)) + body)
    assert await device.read(5) == b"\x90\x03\x00\x01\x00"


async def published(device: Held, payload: bytes) -> None:
    message = publish(f"/{PRODUCT_KEY}/load{device.number}/own", payload)
    await device.send(message)
    assert await device.read(len(message)) == message


async def hold(
    port: int,
    seconds: float,
    begin: Callable[[Held], object] | None,
    exchange: Callable[[Held, bytes], object],
    all_there: Callable[[], None],
) -> tuple[int, int]:
    """Hold all devices on the line, and return how many messages and bytes each way were verified."""
    gate, everybody, numbers = asyncio.Semaphore(AT_ONCE), asyncio.Event(), iter(range(DEVICES))
    there, messages, count = [], 0, 0

    async def live(number: int) -> None:
        nonlocal messages, count
        async with gate:
            device = await connected(number, port)
            if begin is not None:
                await begin(device)
        there.append(device)
        if len(there) == DEVICES:
            all_there()
            everybody.set()
        await asyncio.wait_for(everybody.wait(), 5 * PATIENCE_S)
        noise = random.Random(number)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            payload = noise.randbytes(noise.randint(1, LARGEST))
            await exchange(device, payload)
            messages, count = messages + 1, count + len(payload)
            await asyncio.sleep(noise.uniform(0, 2 * PAUSE_S))
        await exchange(device, b"the last word")
        assert not device.inbox, "nothing that was not asked for"
        device.connection.close()
        await device.flush()
        device.writer.close()
        await device.writer.wait_closed()

    await asyncio.gather(*(live(number) for number in numbers))
    return messages, count


def run(folder: Path, seconds: float, begin, exchange, *options: str) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        with far_end(folder, *options) as (pid, port):
            asyncio.run(warm_up(port))
            before, memory = memory_kib(pid), []
            started, used = time.monotonic(), processor_s(pid)

            def all_there() -> None:
                memory.append(memory_kib(pid))
                rate = DEVICES / (time.monotonic() - started)
                say(f"{DEVICES} devices provisioned and connected, {rate:.0f} in a second")

            messages, count = asyncio.run(hold(port, seconds, begin, exchange, all_there))
            memory.append(memory_kib(pid))
            each = (memory[0] - before) / DEVICES
            say(
                f"{messages} messages, {count / 1e6:.1f} MB verified both ways over {seconds:.0f} s, none lost;"
                f" memory {before / 1024:.0f} MiB before, {memory[0] / 1024:.0f} MiB with all of them,"
                f" {memory[1] / 1024:.0f} MiB at the end: {each:.1f} KiB a connection;"
                f" {processor_s(pid) - used:.1f} s of processor"
            )
        assert messages >= DEVICES * seconds / PAUSE_S / 4
        assert each < MOST_KIB_EACH
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def warm_up(port: int) -> None:
    device = await connected(DEVICES, port)
    device.writer.close()
    await device.writer.wait_closed()


def test_a_thousand_devices_for_a_minute(tmp_path):
    run(tmp_path, SECONDS, None, echoed, "--itls-settings", "echo=true")


def test_a_thousand_devices_with_mqtt_behind(tmp_path):
    run(tmp_path, SECONDS / 4, subscribed, published, "--mqtt")
