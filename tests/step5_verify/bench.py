"""A real board, as far as the harness can tell: our firmware behind a serial port."""

import os
import pty
import subprocess
import threading
import tty


class Bench(threading.Thread):
    """A board on a pseudo-terminal: it runs the program `flash.elf`, and starts it anew when `reset` is there.

    Args:
        folder: Where both files are.
        before: What it prints when it is reset while nothing is flashed.
    """

    def __init__(self, folder, *, before=b""):
        super().__init__(daemon=True)
        self.folder, self.before = folder, before
        self.flash = folder / "flash.elf"
        self.master, self.slave = pty.openpty()
        tty.setraw(self.slave)
        self.port = os.ttyname(self.slave)
        self.ended = threading.Event()
        self.running = None

    def start_program(self):
        self.stop_program()
        (self.folder / "flash.bin").write_bytes(b"\xff" * 64 * 1024)
        environment = {"ID2_FLASH": str(self.folder / "flash.bin"), "ID2_RESET_CAUSE": "pin"}
        files = dict.fromkeys(("stdin", "stdout", "stderr"), self.master)
        self.running = subprocess.Popen([self.flash], env=environment, **files)

    def stop_program(self):
        if self.running is not None:
            self.running.kill()
            self.running.wait()
            self.running = None

    def run(self):
        reset = self.folder / "reset"
        while not self.ended.wait(0.01):
            if reset.exists():
                reset.unlink()
                if self.flash.exists():
                    self.start_program()
                else:
                    os.write(self.master, self.before)

    def close(self):
        self.ended.set()
        self.join()
        self.stop_program()
        os.close(self.master)
        os.close(self.slave)
