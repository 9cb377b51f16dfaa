"""HBase as a peer: large snapshots that a real HBase makes, and its own readers in a warm process.

Built and started by `tests/servers/hbase/make`; see `Bench.java` there for what is in a row and what is
measured. The process stays, so that others can be measured between its measurements.
"""

import json
import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MAKE = ROOT / "tests" / "servers" / "hbase" / "make"
ROWS = 5_000_000
FORMS = ["fast_diff_snappy", "none"]


def make_snapshot(folder, form, rows=ROWS, target=None):
    """Writes `folder`/root, an `hbase.rootdir` with the snapshot `bench` of the table `bench`."""
    command = [MAKE, "bench", "make", "--out", folder, "--rows", str(rows), "--form", form]
    subprocess.run(command, check=True, env=_environment(target))


def _environment(target):
    return {**os.environ, "CARGO_TARGET_DIR": str(target)} if target else None


class Readers:
    """HBase's readers over one root, in one process, with one thread.

    `measure` takes `scan all`, `scan one` (one of five columns), `hfile` (the bare reader of files),
    `points scan`, `points hfile` (1,000 rows by their keys), and gives rows, cells, wall_s, cpu_s.
    The first runs of each are slower: the virtual machine is cold.
    """

    def __init__(self, root, target=None):
        self.process = subprocess.Popen(
            [MAKE, "bench", "read", "--root", root],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=_environment(target),
        )

    def measure(self, what):
        """One measurement, as `Bench.java` prints it."""
        self.process.stdin.write(f"{what}\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self):
        """Ends the process."""
        self.process.stdin.close()
        self.process.wait()
