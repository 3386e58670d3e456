"""A program in the place of a firmware: what it reads goes to a socket of the test, what the test sends it prints.

It is started as the machine starts a firmware. The file beside it names the socket.
"""

import os
import selectors
import socket
import sys
from pathlib import Path

far = socket.socket(socket.AF_UNIX)
far.connect(Path(sys.argv[0]).with_suffix(".socket").read_text(encoding="utf-8"))
with open(os.environ["ID2_FLASH"], "r+b", buffering=0) as flash:  # noqa: PTH123 - a descriptor of ours
    count = (flash.read(1)[0] + 1) & 0xFF  # FF when erased: the first start is 0
    os.pwrite(flash.fileno(), bytes((count,)), 0)
os.write(1, f"start {count} by {os.environ['ID2_RESET_CAUSE']}\n".encode())
far.sendall(os.getpid().to_bytes(4, "big"))
ready = selectors.DefaultSelector()
ready.register(0, selectors.EVENT_READ)
ready.register(far, selectors.EVENT_READ)
while True:
    for key, _ in ready.select():
        if key.fd == 0:
            far.sendall(os.read(0, 4096))
        elif data := far.recv(4096):
            os.write(1, data)
        else:
            sys.exit("the test hung up")
