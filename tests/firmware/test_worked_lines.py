"""The worked lines of docs/probe-protocol.md, byte for byte."""

import re
from binascii import crc_hqx

from tests.firmware.conftest import ROOT

PAGE = (ROOT / "docs" / "probe-protocol.md").read_text()
CODE = b"0~2~ABABABABABABABAB~55B83408399FA660F05C82E4F25333DC~4sx4q/vZtJeBciBhpfzBwLaw7kXg4s2mmZxSoehsKtyXnA1nt3r97vPi1Bnh6fF1"
ANSWERS = {"gid": {"rc": -3, "length": 48}, "cac": {"rc": 0, "length": 118, "data": CODE}}


def turns():
    """Yield what the host sends and what comes back, in the order of the page; the start is the answer to nothing."""
    sent, came = "", []
    for line in re.search(r"```worked\n(.*?)```", PAGE, re.DOTALL)[1].splitlines():
        if line[0] == ">":
            yield sent, came
            sent, came = line[2:], []
        else:
            came.append(line[2:])
    yield sent, came


def seed_for(boot):
    """Return a seed that gives this boot id at the first start, at 0 ms."""
    return next(
        seed for seed in range(1 << 20) if crc_hqx(f"{seed:08X}{1:08X}{0:08X}".encode(), 0xFFFF) == boot
    )


def test_the_worked_lines_are_what_the_probe_says(built):
    firmware = built(seed=seed_for(0x3F1C), CLIENT=1)
    told = list(turns())
    assert len(told) == 8
    for sent, came in told:
        function = sent.split()[3] if " run " in sent else None
        firmware.set(rc=0, length=0, data=b"")
        firmware.set(**ANSWERS.get(function, {}))
        output = firmware.feed(sent + "\n") if sent else firmware.greeting
        warning, _, rest = output.rpartition("do not ship it\r\n")
        assert rest == "".join(f"\r\n{line}\r\n" for line in came)
        assert bool(warning) == (not sent)


def test_the_start_says_what_this_firmware_is(firmware):
    assert firmware.greeting.startswith(
        "\r\nid2 probe: this firmware carries out test commands, do not ship it\r\n\r\n+ID2P 00 "
    )
    assert "id2 probe: this firmware carries out test commands, do not ship it" in PAGE
