"""A board with a shell, as a process of its own on a pseudo-terminal: it chatters, echoes, loses characters, restarts.

Run with the number of an open pty's master and its settings in JSON.
"""

import json
import os
import random
import select
import sys
import time

DIALECTS = {
    "alios-1": (
        "# ",
        "command '{}' not found",
        "\r\n   Welcome to AliOS Things\r\n",
        "[{t:06d}]<I> {}",
        "\r\n",
    ),
    "alios-3": (
        "(ash)# ",
        "command '{}' not found",
        "\r\r\n   Welcome to AliOS Things\r\r\n",
        "[   {s:.3f}]<I>APP main.c[12]: {}",
        "\r\r\n",
    ),
    "rt-thread": (
        "msh />",
        "{}: command not found.",
        "\r\n \\ | /\r\n- RT -     Thread Operating System\r\n / | \\\r\n",
        "[I/app] {}",
        "\r\n",
    ),
    "zephyr": (
        "\x1b[1;32muart:~$ \x1b[m",
        "{}: command not found",
        "*** Booting Zephyr OS build v3.7.0 ***\r\n",
        "[00:00:{s:06.3f},000] <inf> app: {}",
        "\r\n",
    ),
    "esp-idf": (
        "esp32> ",
        "Unrecognized command",
        "ets Jun  8 2016 00:22:57\r\n\r\nrst:0x{c} (RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\r\n",
        "\x1b[0;32mI ({t}) app: {}\x1b[0m",
        "\r\n",
    ),
    "linux": (
        "root@board:~# ",
        "-sh: {}: not found",
        "\r\nU-Boot SPL 2023.04 (Apr 01)\r\nU-Boot 2023.04\r\nReset cause: {c}\r\nHit any key to stop autoboot:  1",
        "[    {s:.6f}] usb 1-1: {}",
        "\r\n",
    ),
}


class Board:
    def __init__(self, master, settings):
        self.fd = master
        self.set = settings
        self.prompt, self.unknown, self.banner, self.log, self.end = DIALECTS[settings["dialect"]]
        self.random = random.Random(settings.get("seed", 1))
        self.line = ""
        self.ticks = 0
        self.loses = settings.get("loses", 0.0)
        self.chatter = settings.get("chatter", 0.0)
        self.echo = settings.get("echo", True)
        self.echoes_now = True
        self.state = "shell"
        self.ran = []

    def say(self, text):
        data = text.encode("latin-1")
        while data:
            data = data[os.write(self.fd, data) :]

    def say_line(self, text):
        self.say(text + self.end)

    def say_log(self, text=None):
        self.ticks += 1
        text = text or self.random.choice(
            ["tick", "heap 1234 # free", "help me", "version of things", "value > 3"]
        )
        self.say_line(self.log.format(text, t=self.ticks, s=self.ticks / 7))

    def boot(self, cause="1"):
        self.line = ""
        if self.set.get("mute_boot"):
            return
        self.say(self.banner.replace("{c}", cause))
        if self.set["dialect"] == "linux":
            self.count_down()
            return
        self.say_log("booted")
        self.shell()

    def shell(self):
        self.state = "shell"
        self.say(self.prompt)

    def count_down(self):
        ready, _, _ = select.select([self.fd], [], [], 0.5)
        if self.set.get("stopped") or (ready and os.read(self.fd, 100)):
            self.state = "loader"
            self.say("\r\n=> ")
            return
        self.kernel()

    def kernel(self):
        self.say("\r\nStarting kernel ...\r\n\r\n[    0.000000] Linux version 6.1.1\r\n")
        self.say_log("optee: initialized driver")
        if self.set.get("asks"):
            self.state = "login"
            self.say("board login: ")
        else:
            self.shell()

    def loop(self):
        if self.set.get("boots", True):
            self.boot()
        else:
            self.shell()
        while True:
            ready, _, _ = select.select([self.fd], [], [], self.chatter or None)
            if not ready:
                self.say_log()
                continue
            data = os.read(self.fd, 4096)
            fifo = self.set.get("fifo")
            if fifo:
                data = data[:fifo]
            for byte in data:
                if self.random.random() >= self.loses:
                    self.take(chr(byte))

    def take(self, letter):
        if letter in "\r\n":
            line, self.line = self.line, ""
            self.say(self.end if self.state != "password" else "\r\n")
            getattr(self, "at_" + self.state)(line)
        elif letter in "\b\x7f":
            if self.line:
                self.line = self.line[:-1]
                self.say("\b \b")
        elif letter == "\x15":
            self.say("\b \b" * len(self.line))
            self.line = ""
        else:
            self.line += letter
            if self.echo and self.state != "password":
                self.say(letter)
            if self.chatter and self.random.random() < self.set.get("breaks_in", 0.0):
                self.say_log()

    def at_loader(self, line):
        if line == "boot":
            self.kernel()
        else:
            self.say("=> ")

    def at_login(self, line):
        self.user = line
        self.state = "password"
        self.say("Password: ")

    def at_password(self, line):
        if [self.user, line] == self.set["asks"]:
            self.shell()
        else:
            self.say("\r\nLogin incorrect\r\nboard login: ")
            self.state = "login"

    def at_shell(self, line):
        line = line.strip()
        longest = self.set.get("longest")
        if longest and len(line) > longest:
            line = ""  # dropped without a word
        if line:
            self.command(line)
        if self.state == "shell":
            self.say(self.prompt)

    def command(self, line):
        word, *rest = line.split()
        self.ran.append(line)
        known = getattr(self, "do_" + word, None)
        if known is None:
            self.say_line(self.unknown.format(word))
        else:
            known(rest)

    def do_help(self, rest):
        for text in ("commands:", "  help", "  say", "  reboot"):
            self.say_line(text)
            if self.chatter:
                self.say_log()

    def do_say(self, rest):
        text = " ".join(rest)
        if self.set["dialect"] == "linux":
            text = text.replace("'", "")
        if self.set.get("tears"):
            self.say(text[: len(text) // 2])
            self.say_log()
            self.say_line(text[len(text) // 2 :])
        else:
            self.say_line(text)

    do_echo = do_say

    def do_pages(self, rest):
        for number in range(6):
            self.say_line(f"item {number}")
            if number % 2:
                self.say(rest[0] if rest else "--More--")
                os.read(self.fd, 1)
                self.say("\r        \r")

    def do_ran(self, rest):
        for line in self.ran:
            self.say_line("ran " + line.replace("'", ""))

    def do_version(self, rest):
        self.say_line("version 4.1.1")
        if self.set["dialect"] == "rt-thread":
            self.say_line("- RT -     Thread Operating System")

    def do_slow(self, rest):
        for number in range(3):
            self.say_line(f"step {number}")
            time.sleep(0.15)

    def do_id2_app(self, rest):
        for number, line in enumerate(self.set["prints"].splitlines()):
            self.say_line(line)
            if number % 9 == 8:
                self.say_log()
            time.sleep(0.002)

    def do_hang(self, rest):
        self.say_line("hanging")
        time.sleep(60)

    def do_trap(self, rest):
        self.say("half an ans")
        self.boot(self.set.get("cause", "8"))

    def do_panic(self, rest):
        self.say_line("!!!!!!!!!! Exception  !!!!!!!!!!")
        self.say_line("========== Regs info  ==========")
        self.prompt = "(panic)# "

    def do_reboot(self, rest):
        self.boot("c")

    do_restart = do_reboot


if __name__ == "__main__":
    Board(int(sys.argv[1]), json.loads(sys.argv[2])).loop()
