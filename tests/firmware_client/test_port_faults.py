"""Each fault of the port changes what it says it changes, seen through the probe; a sound port does none of it."""

import socket
from itertools import pairwise

import pytest
from cryptography.hazmat.primitives.hashes import SM3, Hash

from tests.firmware_client.board import WITH_PROBE, SocketChip
from tests.firmware_client.test_faults import HAL, MACHINE

CHALLENGE = b"55B83408399FA660F05C82E4F25333DC"
GET_ID = bytes.fromhex("80F8000000")


class Port:
    """A board with one fault, greeted."""

    def __init__(self, start, name, chip):
        self._start, self.chip = start, chip
        self._options = (*WITH_PROBE, f"-DID2_FAULT=ID2_FAULT_{name}")
        arguments = ()
        if chip is not None:
            self._options += ("-DID2_CARRIER=ID2_CARRIER_SE", "-DID2_APP=0", "-DID2_CHIP_TIMEOUT=300u")
            arguments = ("--chip", chip.path)
        self._arguments = arguments
        self.board = start(*arguments, options=self._options)
        self.board.hello()

    def run(self, text, **slots):
        for slot, data in slots.items():
            self.board.put(slot, data)
        return self.board.run(text)

    def data(self, text, **slots):
        return self.run(text, **slots)[1]

    def number(self, text, at=0):
        return int.from_bytes(self.data(text)[4 * at : 4 * at + 4])

    def time(self):
        return int.from_bytes(self.data("tim o=8"))

    def reset(self):
        self.board.send("run rst k=0")
        self.board.hello()

    def power_cut(self):
        self.board.close()
        self.board = self._start(*self._arguments, options=self._options)
        self.board.hello()

    def set_value(self, key, value):
        assert self.run(f"kvs c={len(key)},a={len(value)}", c=key, a=value)[0] == 0

    def value(self, key):
        return self.data(f"kvg c={len(key)},o=40", c=key)

    def written(self, offset, data):
        fd, _ = self.run("pop k=3")
        result, _ = self.run(f"pwr k={fd},m={offset},a={len(data)}", a=data)
        return fd, result

    def open(self):
        assert self.run("sop k=0")[0] == 0


def random_short(port):
    return _whole(port, "rnd o=128")[64:] == b"\xa5" * 64


def _whole(port, call, count=128):
    """The first 128 bytes of a result."""
    port.run(call)
    words = port.board.reply(port.board.send(f"get 0 {count}"), "D")
    return bytes.fromhex(words[2][2:]) if words[2][0] == "x" else words[2][2:].encode()


def random_repeats_after_reset(port):
    port.reset()
    first = port.data("rnd o=32")
    port.reset()
    return port.data("rnd o=32") == first


def random_repeats_block(port):
    blocks = [
        whole[at : at + 16]
        for _ in range(20)
        for whole in [_whole(port, "rnd o=128")]
        for at in range(0, 128, 16)
    ]
    return len({*blocks}) < len(blocks)


def kv_loses_last_write(port):
    port.set_value(b"a", b"1")
    port.set_value(b"b", b"2")
    port.power_cut()
    return (port.value(b"a"), port.value(b"b")) == (b"1", b"")


def kv_forgets(port):
    port.set_value(b"a", b"1")
    port.set_value(b"b", b"2")
    port.reset()
    return port.value(b"a") == b""


def kv_truncates(port):
    port.set_value(b"a", b"v" * 80)
    return port.run("kvg c=1,o=64", c=b"a")[0] == 0


def kv_keeps_deleted(port):
    port.set_value(b"a", b"1")
    port.run("kvd c=1", c=b"a")
    port.reset()
    return port.value(b"a") == b"1"


def partition_off_by_one(port):
    fd, _ = port.written(8, b"abc")
    return port.data(f"prd k={fd},m=8,o=3") != b"abc"


def partition_lost_on_power_cut(port):
    port.written(8, b"before")
    fd, _ = port.run("pop k=3")
    port.board.put("a", b"behind")
    port.board.reply(port.board.send(f"run pwr k={fd},m=8,a=6"), "AK")
    port.power_cut()
    fd, _ = port.run("pop k=3")
    return port.data(f"prd k={fd},m=8,o=6") not in (b"before", b"behind")


def driver_swallows_status(port):
    port.open()
    return port.data("trx k=0,a=5,o=258", a=GET_ID)[-2:] != b"\x90\x00"


def driver_drops_last_byte(port):
    port.open()
    port.chip.instead = [b"AB" * 256 + b"9000\n"]
    port.run("trx k=0,a=5,o=258", a=GET_ID)
    return port.board.last_length != 258


def driver_ok_without_chip(port):
    port.open()
    port.chip.instead = [b""]
    return port.run("trx k=0,a=5,o=258", a=GET_ID)[0] == 0


def driver_overflows(port):
    port.open()
    return port.run("trx k=0,a=5,o=10", a=GET_ID)[0] == 0


def driver_takes_any_handle(port):
    port.open()
    return port.run("trx k=2,a=5,o=258", a=GET_ID)[0] == 0


def device_id_changes_after_reset(port):
    first = port.data("did o=40")
    port.reset()
    return port.data("did o=40") != first


def memory_leak(port):
    port.run("ini")
    blocks = port.number("exh k=256,m=4000,o=8")
    for _ in range(5):
        port.run("cac a=32,o=512", a=CHALLENGE)
    return port.number("exh k=256,m=4000,o=8") < blocks


def ctr_carry_lost(port):
    key = bytes(16)
    carried = port.data("aes k=2,m=1,c=32,a=32,o=32", c=key + b"\xff" * 16, a=bytes(32))[16:]
    return carried != port.data("aes k=0,m=1,c=16,a=16,o=16", c=key, a=bytes(16))


def cbc_iv_not_chained(port):
    key = bytes(32)
    once = port.data("aes k=1,m=1,c=32,a=32,o=32", c=key, a=bytes(32))
    return port.data("aes k=1,m=1,n=16,c=32,a=32,o=32", c=key, a=bytes(32)) != once


def sm4_decrypt_wrong(port):
    sealed = port.data("sm4 k=0,m=1,c=16,a=16,o=16", c=bytes(16), a=bytes(16))
    return port.data("sm4 k=0,m=0,c=16,a=16,o=16", c=bytes(16), a=sealed) != bytes(16)


def sha256_pieces_wrong(port):
    once = port.data("hsh k=2,a=20,o=32", a=bytes(20))
    return port.data("hsh k=2,a=20,n=7,o=32", a=bytes(20)) != once


def sm3_tail_wrong(port):
    once = port.data("hsh k=3,a=56,o=32", a=bytes(56))
    other = Hash(SM3())
    other.update(bytes(56))
    return once != other.finalize()


def time_jumps_back(port):
    times = [port.time()]
    while times[-1] - times[0] < 2500 and len(times) < 20000:
        times.append(port.time())
    return any(later < earlier for earlier, later in pairwise(times))


def time_drifts(port):
    result = port.data("slp k=2000,o=8")
    own, real = int.from_bytes(result[:4]), int.from_bytes(result[4:])
    return own > real * 1.02


def time_coarse(port):
    return all(port.time() % 10 == 0 for _ in range(20))


def time_restarts(port):
    before = port.time()
    port.run("slp k=5200,o=8")
    return port.time() < before


def sleep_short(port):
    return port.number("slp k=400,o=8", 1) < 390


def sleep_long(port):
    return port.number("slp k=1000,o=8", 1) > 1900


def calloc_dirty(port):
    return port.number("cal k=8,m=8,n=3,o=12", 1) > 0


def free_forgets(port):
    port.run("mal k=1,m=1024,n=200,o=12")
    return port.number("exh k=1024,m=1000,o=8") < 200


def malloc_overlaps(port):
    return port.number("exh k=256,m=50,o=8", 1) > 0


def snprintf_no_end(port):
    return port.data("fmt k=2,a=8,o=5", a=b"abcdefgh")[4:] != b"\x00"


def snprintf_lower_case(port):
    return port.data("fmt k=0,m=48879,o=12")[:8] != b"0000BEEF"


def snprintf_no_precision(port):
    return port.data("fmt k=1,n=3,a=8,o=12", a=b"abcdefgh")[:4] != b"abc\x00"


def mutex_not_locking(port):
    return port.number("thr k=8192,m=5,n=200,p=1,o=4") > 0


def semaphore_not_waiting(port):
    return port.run("smw k=50,o=4")[0] == 0


def thread_never_runs(port):
    return port.number("thr k=8192,m=5,n=200,o=4") == 0


def connect_refused_ok(port):
    with socket.create_server(("127.0.0.1", 0)) as server:
        number = server.getsockname()[1]
    return port.run(f"con c=9,k={number}", c=b"127.0.0.1")[0] >= 0


def _connected(port):
    server = socket.create_server(("127.0.0.1", 0))
    fd, _ = port.run(f"con c=9,k={server.getsockname()[1]}", c=b"127.0.0.1")
    far, _ = server.accept()
    server.close()
    return fd, far


def receive_ignores_timeout(port):
    fd, far = _connected(port)
    with far:
        before = port.number("upt o=4")
        port.run(f"rcv k={fd},m=200,o=10")
        return port.number("upt o=4") - before > 1500


def send_truncates(port):
    fd, far = _connected(port)
    with far:
        assert port.run(f"snd k={fd},a=1000,n=1", a=bytes(1000))[0] == 0
        far.settimeout(0.5)
        got = far.recv(4096)
        return len(got) != 1000


SHOWN = {
    "RANDOM_CONSTANT": lambda port: port.data("rnd o=32") == port.data("rnd o=32"),
    "RANDOM_STUCK_BIT": lambda port: all(byte & 0x10 for byte in port.data("rnd o=40")),
    "PARTITION_BEYOND_END": lambda port: port.written(4090, bytes(20))[1] == 0,
    "DRIVER_BEFORE_OPEN": lambda port: port.run("trx k=0,a=5,o=258", a=GET_ID)[0] == 0,
    "DEVICE_ID_CHANGES": lambda port: port.data("did o=40") != port.data("did o=40"),
    "DEVICE_ID_SHORT_BUFFER": lambda port: port.run("did o=4")[0] == 0,
    **{
        function.__name__.upper(): function
        for function in (
            random_short,
            random_repeats_after_reset,
            random_repeats_block,
            kv_loses_last_write,
            kv_forgets,
            kv_truncates,
            kv_keeps_deleted,
            partition_off_by_one,
            partition_lost_on_power_cut,
            driver_swallows_status,
            driver_drops_last_byte,
            driver_ok_without_chip,
            driver_overflows,
            driver_takes_any_handle,
            device_id_changes_after_reset,
            memory_leak,
            ctr_carry_lost,
            cbc_iv_not_chained,
            sm4_decrypt_wrong,
            sha256_pieces_wrong,
            sm3_tail_wrong,
            time_jumps_back,
            time_drifts,
            time_coarse,
            time_restarts,
            sleep_short,
            sleep_long,
            calloc_dirty,
            free_forgets,
            malloc_overlaps,
            snprintf_no_end,
            snprintf_lower_case,
            snprintf_no_precision,
            mutex_not_locking,
            semaphore_not_waiting,
            thread_never_runs,
            connect_refused_ok,
            receive_ignores_timeout,
            send_truncates,
        )
    },
}


def test_every_fault_of_the_port_is_shown():
    assert {*SHOWN} == {*HAL, *MACHINE}


@pytest.fixture
def chip(tmp_path):
    made = SocketChip(tmp_path / "chip")
    yield made
    made.close()


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", SHOWN)
@pytest.mark.parametrize("broken", [False, True], ids=["sound", "broken"])
def test_only_the_broken_port_shows_it(start, chip, name, broken):
    port = Port(start, name if broken else "NONE", chip if name.startswith("DRIVER") else None)
    assert SHOWN[name](port) is broken
    port.board.close()
