"""What the checks inside the guest share: simulated devices in the guest's own kernel."""

import os
from collections.abc import Callable, Iterator

import pytest

from harness.simulator.usb.device import UsbDevice
from harness.simulator.usb.vhci import Plug

Insert = Callable[[UsbDevice], Plug]


@pytest.fixture(scope="session", autouse=True)
def _inside_the_guest():
    if "ID2_LAB_GUEST" not in os.environ:
        pytest.fail("these checks run inside the guest: make lab-test")


@pytest.fixture
def insert() -> Iterator[Insert]:
    """Plug devices in; they are pulled out at the end."""
    plugs: list[Plug] = []

    def inserted(device: UsbDevice) -> Plug:
        plugs.append(Plug(device).insert())
        return plugs[-1]

    yield inserted
    for plug in plugs:
        plug.remove()
