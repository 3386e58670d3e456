"""A token with a vendor's own pipe: one transfer in is a command, one transfer out is its answer."""

from harness.simulator.chip.model import ChipModel
from harness.simulator.usb.descriptors import Descriptors, Endpoint, Identity, Interface
from harness.simulator.usb.device import UsbDevice

DEFAULT = Identity(0x1209, 0x1D01, product="simulated APDU pipe")

OUT, IN = 0x01, 0x81


class ApduPipe(UsbDevice):
    """A chip behind two bulk pipes; answers carry nothing but the APDU.

    Args:
        chip: The chip.
        identity: Identifies it among other devices.
    """

    def __init__(self, chip: ChipModel, identity: Identity = DEFAULT) -> None:
        super().__init__(Descriptors(identity, (Interface(0, (Endpoint(OUT), Endpoint(IN))),)))
        self._session = chip.session()

    def received(self, endpoint: int, data: bytes) -> None:
        """Process a command."""
        del endpoint
        self.send(IN, self._session.process(data))
