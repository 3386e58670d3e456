"""What the kernel's drivers of I²C adapters report when nobody acknowledges, where it is not the usual ENXIO.

A chip that is busy does not acknowledge and has to be asked again; a driver that calls this an input/output error would
end the run of a sound chip.
"""

import errno
from dataclasses import dataclass
from types import MappingProxyType

_EIO = frozenset({errno.EIO})
_TIMED_OUT = frozenset({errno.ETIMEDOUT})

_NAK_AS = MappingProxyType(
    {
        # Source: drivers/i2c/busses of the kernel, a file for each; i2c-algo-bit (i2c-gpio), hid-cp2112, hid-mcp2221.
        "i2c-diolan-u2c": _EIO,  # ENXIO for the address, EIO for data
        "i2c-tiny-usb": _EIO,  # a firmware that answers short instead of giving its status
        "mcp2221": _EIO,  # the adapter's read buffer stays empty
        "cp2112": _TIMED_OUT,  # its status joins "not acknowledged" and "bus held"
        "i2c-ch341-usb": _EIO,  # outside the kernel
        "xiic-i2c": _EIO,  # any transfer that did not end well
        "ocores-i2c": _EIO,  # the same
        "stm32f4-i2c": _EIO,  # acknowledge failure
        "i2c-gpio": _EIO,  # data that is not acknowledged
    }
)


@dataclass(frozen=True, slots=True)
class NakCodes:
    """How an adapter reports that nobody acknowledged, beside ENXIO and EREMOTEIO.

    Attributes:
        driver: Its driver; empty when it is not known.
        codes: Numbers of errors that may mean it.
    """

    driver: str = ""
    codes: frozenset[int] = frozenset()


def nak_codes(driver: str, name: str) -> NakCodes:
    """Return how an adapter reports a missing acknowledge.

    Args:
        driver: Its driver, as sysfs links to it; empty for none.
        name: What its driver calls it; most drivers begin it with their own name.
    """
    for known, codes in _NAK_AS.items():
        if driver == known or name.lower().startswith(known):
            return NakCodes(driver or known, codes)
    return NakCodes(driver)
