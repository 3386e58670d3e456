"""What the system of a peer has not acknowledged yet of what was sent to it."""

import asyncio
import contextlib
import fcntl
import socket
import sys
import termios


def unacknowledged(transport: asyncio.BaseTransport) -> int:
    """Return how many bytes of a connection the system still holds; 0 where the system does not tell.

    What waits in the transport itself is not among them; as long as something does, this is above 0.

    Args:
        transport: Of a TCP connection that is open, with TLS or without.
    """
    found: socket.socket = transport.get_extra_info("socket")
    held = bytearray(4)
    with contextlib.suppress(OSError):
        fcntl.ioctl(found.fileno(), termios.TIOCOUTQ, held)
    return int.from_bytes(held, sys.byteorder)
