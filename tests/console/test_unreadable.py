"""What comes at a wrong baud rate is no text; whatever a board prints is."""

import random
from pathlib import Path

import pytest

from harness.console.unreadable import unreadable

SAMPLES = sorted((Path(__file__).resolve().parents[1] / "samples").rglob("*.log"))
SLOW_READ = (0x00, 0x80, 0xE0, 0xF8, 0xFE, 0xFF, 0x1C, 0x66)
FAST_READ = (0x00, 0x80, 0xE0, 0xF8, 0xFE, 0xFF, 0x78, 0x07)


def noise(values, size, seed=1):
    return bytes(random.Random(seed).choices(values, k=size))


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_every_captured_console_is_text(path):
    if "utf16" in path.name:
        pytest.skip("a terminal has written it as UTF-16: no board prints so")
    data = path.read_bytes()
    assert not unreadable(data)
    assert not unreadable(data[: len(data) // 10 + 200])


@pytest.mark.parametrize("values", [SLOW_READ, FAST_READ, range(256), range(128, 256), (0,), (0xFF,)])
@pytest.mark.parametrize("size", [64, 1000, 100_000])
def test_noise_is_no_text(values, size):
    assert unreadable(noise(values, size))


@pytest.mark.parametrize("size", [0, 1, 63])
def test_a_few_bytes_say_nothing(size):
    assert not unreadable(noise(range(256), size))


def test_one_line_of_text_behind_a_noisy_boot_loader_is_enough():
    assert not unreadable(noise(SLOW_READ, 5000) + b"\r\n<LS_LOG> id2_client_init 1: hello\r\n")


def test_short_lines_are_text():
    assert not unreadable(b"ok\r\n> \r\n" * 100)


def test_chinese_with_a_line_in_english_is_text():
    chinese = "设备启动成功正在连接服务器请稍候".encode() * 20
    assert not unreadable(chinese + b"\r\nID2 Client Version: 0x00030100\r\n")
