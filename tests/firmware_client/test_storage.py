"""Storage of the firmware: what it keeps, and that a power cut at any word leaves the old or the new, never less."""

import ctypes
import itertools
import random

import pytest

NOT_FOUND, NO_SPACE, BAD, SHORT = 0xFFFF0001, 0xFFFF0002, 0xFFFF0003, 0xFFFF0005
KV, CLIENT, PARTITION = 1, 2, 3


@pytest.fixture
def device(client):
    return client()


def get(device, key, room=2048):
    result, size, data = device.call("ls_hal_kv_get", key, room=room)
    return data if ctypes.c_uint32(result).value == 0 else (result, size)


def put(device, key, value):
    return device.c.ls_hal_kv_set(key, value, len(value))


def power_cycle(device):
    device.restore(device.flash)


def test_values_come_back_also_after_a_power_cycle(device):
    assert get(device, b"key") == (NOT_FOUND, 2048)
    assert put(device, b"key", b"\x00one") == 0
    assert put(device, b"other", bytes(2048)) == 0
    assert put(device, b"key", b"two") == 0
    assert get(device, b"key", room=2) == (SHORT, 3)
    assert get(device, b"key", room=3) == b"two"
    power_cycle(device)
    assert (get(device, b"key"), get(device, b"other")) == (b"two", bytes(2048))
    assert device.c.ls_hal_kv_del(b"key") == 0
    assert device.c.ls_hal_kv_del(b"key") == NOT_FOUND
    power_cycle(device)
    assert get(device, b"key") == (NOT_FOUND, 2048)


def test_wrong_arguments(device):
    size = ctypes.c_uint32(5)
    assert put(device, b"", b"x") == BAD
    assert put(device, None, b"x") == BAD
    assert put(device, b"k", b"") == BAD
    assert put(device, b"k" * 57, b"x") == BAD
    assert put(device, b"k", bytes(2049)) == NO_SPACE
    assert device.c.ls_hal_kv_get(b"k", None, ctypes.byref(size)) == BAD
    assert device.c.ls_hal_kv_get(b"k", ctypes.create_string_buffer(5), None) == BAD
    assert device.c.ls_hal_kv_del(b"") == BAD
    assert put(device, b"k", b"abc") == 0
    assert device.c.ls_hal_kv_get(b"k", None, ctypes.byref(ctypes.c_uint32(0))) == SHORT


def test_old_values_make_room(device):
    for number in range(3000):
        assert put(device, b"counter", number.to_bytes(4)) == 0
    assert get(device, b"counter") == (2999).to_bytes(4)


def test_a_full_store_says_so_and_lives_on(device):
    kept = list(itertools.takewhile(lambda number: put(device, b"%d" % number, bytes(2048)) == 0, range(100)))
    assert 10 < len(kept) < 16
    assert put(device, b"another", bytes(2048)) == NO_SPACE
    assert all(get(device, b"%d" % number) == bytes(2048) for number in kept)
    assert device.c.ls_hal_kv_del(b"0") == 0
    assert put(device, b"another", bytes(1000)) == 0
    power_cycle(device)
    assert get(device, b"another") == bytes(1000)


def fill(seed, size):
    return random.Random(seed).randbytes(size)


@pytest.mark.parametrize("operation", ["set", "overwrite", "delete", "partition", "many"])
def test_a_power_cut_at_any_word(device, operation):
    """Cut after each word in turn: what stood there holds until the new is whole, and all else is untouched."""
    c, old, new = device.c, fill(1, 40), fill(2, 300)
    assert put(device, b"beside", b"untouched") == 0
    if operation != "set":
        assert put(device, b"key", old) == 0
    fd = c.ls_hal_open_rsvd_part(3)
    assert c.ls_hal_write_rsvd_part(fd, 100, old, len(old)) == 0
    if operation == "many":  # nearly full, so that what follows copies what holds into the other area
        for number in range(12):
            assert put(device, b"fill", fill(number, 2040)) == 0
    start = device.flash

    def act():
        if operation == "delete":
            return c.ls_hal_kv_del(b"key")
        if operation == "partition":
            return c.ls_hal_write_rsvd_part(fd, 90, new, len(new))
        return [put(device, b"key", new) for _ in range(9 if operation == "many" else 1)][-1]

    def seen():
        value = get(device, b"key")
        room = ctypes.create_string_buffer(4096)
        assert c.ls_hal_read_rsvd_part(fd, 0, room, 4096) == 0
        return (None if isinstance(value, tuple) else value), room.raw

    before = seen()
    assert act() == 0
    after = seen()
    device.restore(start)
    device.value("words_left").value = 1_000_000
    act()
    words = 1_000_000 - device.value("words_left").value
    step = max(1, words // 400) if words > 400 else 1
    states = set()
    for cut in range(0, words + 1, step):
        device.restore(start)
        device.value("words_left").value = cut
        act()
        power_cycle(device)
        states.add(seen())
        assert get(device, b"beside") == b"untouched"
        assert put(device, b"later", b"works") == 0
        assert get(device, b"later") == b"works"
    assert states <= {before, after}
    if step == 1:
        assert states == {before, after}


def test_partition(device):
    c = device.c
    room = ctypes.create_string_buffer(4096)
    assert c.ls_hal_open_rsvd_part(0) == -1
    fd = c.ls_hal_open_rsvd_part(3)
    assert fd >= 0
    assert c.ls_hal_read_rsvd_part(fd, 0, room, 4096) == 0
    assert room.raw == b"\xff" * 4096
    image = fill(3, 4096)
    assert c.ls_hal_write_rsvd_part(fd, 0, image, 4096) == 0
    assert c.ls_hal_write_rsvd_part(fd, 4095, b"Z", 1) == 0
    assert c.ls_hal_write_rsvd_part(fd, 7, b"abc", 3) == 0
    image = image[:7] + b"abc" + image[10:4095] + b"Z"
    power_cycle(device)
    assert c.ls_hal_read_rsvd_part(fd, 0, room, 4096) == 0
    assert room.raw == image
    for offset, size in ((4096, 1), (4095, 2), (0, 4097), (0xFFFFFFFF, 2)):
        assert c.ls_hal_write_rsvd_part(fd, offset, image, size) == -1
        assert c.ls_hal_read_rsvd_part(fd, offset, room, size) == -1
    assert c.ls_hal_close_rsvd_part(fd) == 0
    assert c.ls_hal_close_rsvd_part(fd) == -1
    assert c.ls_hal_write_rsvd_part(fd, 0, image, 1) == -1
    reading = c.ls_hal_open_rsvd_part(1)
    assert c.ls_hal_write_rsvd_part(reading, 0, image, 1) == -1


def test_device_id(device):
    first = device.call("ls_hal_get_dev_id", room=100)
    assert first[:2] == (0, 12)
    power_cycle(device)
    assert device.call("ls_hal_get_dev_id", room=12) == first
    assert device.call("ls_hal_get_dev_id", room=11)[:2] == (-1, 12)
    size = ctypes.c_uint32(0)
    assert device.c.ls_hal_get_dev_id(None, ctypes.byref(size)) == -1
    assert size.value == 12


def test_a_flash_of_garbage_is_taken_as_empty(device):
    for seed in range(20):
        device.restore(fill(seed, 65536))
        assert put(device, b"key", b"value") == 0
        power_cycle(device)
        assert get(device, b"key") == b"value"
