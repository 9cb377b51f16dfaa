"""A program at a terminal: keys go in, the screen comes out, with the time between."""

import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time
from fcntl import ioctl

PATIENCE = 60


class Terminal:
    """A program that runs at a terminal of 24 lines of 80 columns."""

    def __init__(self, argv, cwd, home):
        self.screen, theirs = pty.openpty()
        ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        homes = {name: str(home) for name in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME")}
        environment = {**os.environ, **homes, "TERM": "xterm"}
        self.seen = b""
        self.began = time.perf_counter()
        self.process = subprocess.Popen(
            argv,
            cwd=cwd,
            env=environment,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)

    def wait_for(self, text):
        """Waits until the screen has shown a text; returns when that was."""
        until = time.perf_counter() + PATIENCE
        while text not in self.seen:
            left = until - time.perf_counter()
            if left < 0 or not select.select([self.screen], [], [], left)[0]:
                raise SystemExit(f"{text!r} did not come: {self.seen[-2000:]!r}")
            self.seen += os.read(self.screen, 65536)
        now = time.perf_counter()
        self.seen = self.seen.split(text, 1)[1]
        return now

    def key(self, keys):
        """Types keys; returns the seconds until the screen answers, and takes all of the answer."""
        self.settle()
        began = time.perf_counter()
        os.write(self.screen, keys)
        if not select.select([self.screen], [], [], PATIENCE)[0]:
            raise SystemExit(f"no answer to {keys!r}")
        self.seen += os.read(self.screen, 65536)
        taken = time.perf_counter() - began
        self.settle()
        return taken

    def settle(self):
        """Reads until nothing more comes."""
        while select.select([self.screen], [], [], 0.05)[0]:
            self.seen += os.read(self.screen, 65536)

    def end(self):
        """Ends the program."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()
        os.close(self.screen)
