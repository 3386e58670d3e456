"""What every transport is held to, on every tier: subclass a contract and give it a `bench`.

    class TestVendorPipe(ApduContract):
        @pytest.fixture
        def bench(self):
            ...
            yield bench

A bench leads to one device and knows its far end. The same classes are collected where the far end is simulated in
this process and where it is a device on a real kernel's bus; nothing here knows which.
"""

import threading
import time
from abc import ABC, abstractmethod

import pytest

from harness.errors import BenchError, UsageError
from harness.transport.base import (
    Capability,
    CardReset,
    Exchange,
    I2cRead,
    I2cWrite,
    ReadLines,
    SetSpeed,
    SpiTransfer,
    StreamRead,
    StreamWrite,
    Transport,
)
from harness.transport.errors import I2cNack
from harness.transport.recording.recorder import Recorded
from harness.transport.recording.recording import read
from harness.transport.recording.writer import Recording

ONE_OF_EACH = {
    Capability.STREAM: StreamRead(1, 0.0),
    Capability.I2C: I2cRead(0x48, 1),
    Capability.APDU: Exchange(b"\x00\xa4\x04\x00", 1.0),
    Capability.CARD: CardReset(),
    Capability.SPI: SpiTransfer(b"\x05", 1),
    Capability.LINES: ReadLines(),
    Capability.SPEED: SetSpeed(None),
}


class Bench(ABC):
    """A transport and its far end."""

    name = "t"

    @abstractmethod
    def transport(self) -> Transport:
        """Return a new transport named `name` to the device, not opened."""

    @abstractmethod
    def unplug(self):
        """Take the device away, as pulling its cable does."""


class ApduBench(Bench):
    """A bench with an APDU transport."""

    exchanges = ()  # pairs of command and answer, as many kinds of length as the far end has

    @abstractmethod
    def hush(self, *, on):
        """Let the device answer nothing, or go on and answer what it was asked meanwhile."""


class I2cBench(Bench):
    """A bench with an I²C transport: `echo` is the address of a `far_ends.EchoSlave`."""

    echo = 0x48
    nobody = 0x49


class StreamBench(Bench):
    """A bench with a stream."""

    @abstractmethod
    def say(self, data):
        """Let the device send."""

    @abstractmethod
    def hear(self, count):
        """Return the next bytes that the device got."""


class TransportContract:
    """What holds for every transport."""

    def test_nothing_goes_before_open_or_after_close(self, bench):
        transport = bench.transport()
        operation = ONE_OF_EACH[min(transport.capabilities)]
        with pytest.raises(BenchError) as caught:
            transport.do(operation)
        assert caught.value.transport == bench.name
        transport.open()
        transport.close()
        with pytest.raises(BenchError):
            transport.do(operation)

    def test_what_it_does_not_carry_is_refused_and_touches_nothing(self, bench):
        transport = bench.transport()
        for capability, operation in ONE_OF_EACH.items():
            if capability not in transport.capabilities:
                with pytest.raises(UsageError, match=f"needs {capability}, supplied "):
                    transport.do(operation)

    def test_opened_twice_is_said_and_the_first_stays(self, bench):
        with bench.transport() as transport:
            with pytest.raises(UsageError, match="opened twice"):
                transport.open()
            assert self.works(bench, transport)

    def test_closed_whenever_and_as_often_as_one_likes(self, bench):
        transport = bench.transport()
        transport.close()
        transport.open()
        transport.close()
        transport.close()
        with transport:
            assert self.works(bench, transport)

    def test_its_identity_is_one_printable_line(self, bench):
        transport = bench.transport()
        before = transport.identity
        with transport:
            opened = transport.identity
        for text in (before, opened):
            assert text
            assert text.isprintable()

    def test_without_its_device_it_does_not_open(self, bench):
        transport = bench.transport()
        bench.unplug()
        with pytest.raises(BenchError) as caught:
            transport.open()
        assert caught.value.transport == bench.name
        assert caught.value.hint

    def test_unplugged_it_raises_and_never_answers(self, bench):
        with bench.transport() as transport:
            assert self.works(bench, transport)
            bench.unplug()
            with pytest.raises(BenchError) as caught:
                self.use(bench, transport)
            assert not isinstance(caught.value, I2cNack)
            assert caught.value.transport == bench.name

    def test_what_it_does_is_recorded(self, bench, tmp_path):
        inner = bench.transport()
        path = tmp_path / "recording.jsonl"
        with Recording(path, inner) as recording, Recorded(inner, recording) as transport:
            assert self.works(bench, transport)
            found = transport.identity
        with read(path) as reading:
            records = list(reading)
        assert records[0].text == found
        data = b"".join(record.data for record in records if record.direction == "<")
        assert self.seen(bench) in data

    def works(self, bench, transport):
        """Use the transport once; tell whether the answer is right."""
        raise NotImplementedError

    def use(self, bench, transport):
        """Use the transport until it notices that nobody is there."""
        self.works(bench, transport)

    def seen(self, bench):
        """What `works` reads."""
        raise NotImplementedError


class ApduContract(TransportContract):
    """What holds for every transport that carries whole APDUs."""

    def works(self, bench, transport):
        command, answer = bench.exchanges[0]
        return transport.do(Exchange(command, 5.0)) == answer

    def seen(self, bench):
        return bench.exchanges[0][1]

    def test_commands_and_answers_of_every_length_pass(self, bench):
        with bench.transport() as transport:
            for command, answer in bench.exchanges * 2:
                assert transport.do(Exchange(command, 5.0)) == answer

    def test_silence_is_a_bench_error_and_a_late_answer_is_not_taken_for_the_next(self, bench):
        command, _ = bench.exchanges[0]
        other, answer = bench.exchanges[1]
        with bench.transport() as transport:
            bench.hush(on=True)
            with pytest.raises(BenchError):
                transport.do(Exchange(command, 0.05))
            bench.hush(on=False)
            if self.recovers:
                assert transport.do(Exchange(other, 5.0)) == answer

    recovers = True
    """Whether the next exchange works after a silent one, without opening anew."""

    moment = r"unplugged while .* at \d\d:\d\d:\d\d"
    """What the message says of an unplug amid an exchange."""

    def test_unplugged_amid_an_exchange_it_names_moment_and_bus(self, bench):
        with bench.transport() as transport:
            bench.hush(on=True)
            pulled = threading.Timer(0.05, bench.unplug)
            pulled.start()
            with pytest.raises(BenchError, match=self.moment) as caught:
                transport.do(Exchange(bench.exchanges[0][0], 20.0))
            pulled.join()
            assert caught.value.transport == bench.name

    def test_close_wakes_a_waiting_exchange(self, bench):
        transport = bench.transport()
        transport.open()
        bench.hush(on=True)
        closing = threading.Timer(0.05, transport.close)
        closing.start()
        started = time.monotonic()
        with pytest.raises(BenchError):
            transport.do(Exchange(bench.exchanges[0][0], 60.0))
        assert time.monotonic() - started < 30
        closing.join()
        bench.hush(on=False)


class I2cContract(TransportContract):
    """What holds for every transport that carries I²C."""

    def works(self, bench, transport):
        transport.do(I2cWrite(bench.echo, b"\x01\x02\x03"))
        return transport.do(I2cRead(bench.echo, 3)) == b"\x03\x02\x01"

    def seen(self, bench):
        return b"\x03\x02\x01"

    def test_256_bytes_pass_both_ways(self, bench):
        data = bytes(range(256))
        with bench.transport() as transport:
            transport.do(I2cWrite(bench.echo, data))
            assert transport.do(I2cRead(bench.echo, 256)) == data[::-1]

    def test_an_address_without_device_does_not_acknowledge(self, bench):
        with bench.transport() as transport:
            for operation in (I2cRead(bench.nobody, 1), I2cWrite(bench.nobody, b"x")):
                with pytest.raises(I2cNack) as caught:
                    transport.do(operation)
                assert caught.value.transport == bench.name
            assert self.works(bench, transport)


class StreamContract(TransportContract):
    """What holds for every stream."""

    EVERY_BYTE = bytes(range(256))

    def works(self, bench, transport):
        transport.do(StreamWrite(b"ping"))
        if bench.hear(4) != b"ping":
            return False
        bench.say(b"pong")
        return self.collect(transport, 4) == b"pong"

    def use(self, bench, transport):
        for _ in range(3):
            transport.do(StreamRead(10, 5.0))

    def seen(self, bench):
        return b"pong"

    @staticmethod
    def collect(transport, count):
        data = b""
        while len(data) < count:
            part = transport.do(StreamRead(count - len(data), 10.0))
            assert part, f"only {data!r} came"
            data += part
        return data

    def test_every_byte_passes_both_ways(self, bench):
        with bench.transport() as transport:
            transport.do(StreamWrite(self.EVERY_BYTE))
            assert bench.hear(256) == self.EVERY_BYTE
            bench.say(self.EVERY_BYTE)
            assert self.collect(transport, 256) == self.EVERY_BYTE

    def test_a_read_of_nothing_is_empty(self, bench):
        with bench.transport() as transport:
            assert transport.do(StreamRead(10, 0.05)) == b""

    def test_close_wakes_a_waiting_read(self, bench):
        transport = bench.transport()
        transport.open()
        closing = threading.Timer(0.05, transport.close)
        closing.start()
        with pytest.raises(BenchError):
            transport.do(StreamRead(10, 60.0))
        closing.join()
