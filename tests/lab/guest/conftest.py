"""What the checks inside the guest share: simulated devices in the guest's own kernel."""

import gc
import os
from collections.abc import Callable, Iterator

import pytest

from harness.board.opening.locks import FOLDER_VARIABLE
from harness.simulator.usb.device import UsbDevice
from harness.simulator.usb.vhci import Plug

Insert = Callable[[UsbDevice], Plug]


def pytest_collection_finish() -> None:
    """Keep what was imported from the collector: each run in this process has it look at everything several times."""
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def _inside_the_guest():
    if "ID2_LAB_GUEST" not in os.environ:
        pytest.fail("these checks run inside the guest: make lab-test")


@pytest.fixture(scope="session", autouse=True)
def _locks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the guest's locks apart from the notes of this machine's, whose folder it sees."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv(FOLDER_VARIABLE, str(tmp_path_factory.mktemp("locks")))
        yield


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
