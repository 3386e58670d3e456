"""One end of a cable: hands what the host asks for to a simulated device, in a thread of its own."""

import socket
import threading
from contextlib import suppress
from typing import Self

from harness.errors import HarnessError, UsageError
from harness.simulator.usb.device import UsbDevice
from harness.simulator.usb.wire import Submit, read_request


class UsbLink:
    """Serves one device on one socket until either end closes it.

    Args:
        device: The device.
        end: The device's end of the socket; it is closed when the link ends.
    """

    def __init__(self, device: UsbDevice, end: socket.socket) -> None:
        self._device = device
        self._end = end
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._serve, name=f"usb {device.name}", daemon=True)
        self.problem = ""

    def start(self) -> Self:
        """Begin to serve.

        Raises:
            UsageError: the device is plugged in already; this end of the cable is closed then.
        """
        try:
            self._device.plugged(self._reply)
        except UsageError:
            self._end.close()
            raise
        self._thread.start()
        return self

    @property
    def ended(self) -> threading.Event:
        """Set when the cable is cut or the host has let the device go."""
        return self._ended

    def close(self) -> None:
        """Cut the cable and wait until the device has noticed; may be called more than once."""
        with suppress(OSError):
            self._end.shutdown(socket.SHUT_RDWR)
        if self._thread.is_alive() and threading.current_thread() is not self._thread:
            self._thread.join()

    def _reply(self, message: bytes) -> None:
        with suppress(OSError):  # the host has gone; the reading side ends the link
            self._end.sendall(message)

    def _serve(self) -> None:
        try:
            with self._end, self._end.makefile("rb") as stream:
                while (request := read_request(stream.read)) is not None:
                    if isinstance(request, Submit):
                        self._device.submitted(request)
                    else:
                        self._device.taken_back(request)
        except OSError:
            pass  # the cable was cut
        except HarnessError as error:
            self.problem = error.message
        finally:
            self._device.unplugged()
            self._ended.set()
