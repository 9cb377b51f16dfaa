"""Processes, medians of interleaved runs, and the table that they end in."""

import json
import os
import statistics
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent


@dataclass
class Process:
    """A process that has ended: wall time in seconds, peak resident memory in bytes."""

    seconds: float
    peak: int


def run(argv, cwd=None):
    """Runs a process to its end, its output to /dev/null.

    A process that fails is no measurement: it ends the benchmark.
    """
    # posix_spawn and wait4, so that the time of a thread that reads a pipe is not in it, and the
    # peak is that of this child alone.
    argv = [str(argument) for argument in argv]
    if cwd is not None:
        argv = ["/usr/bin/env", "-C", str(cwd), *argv]
    null = os.open(os.devnull, os.O_RDWR)
    actions = [(os.POSIX_SPAWN_DUP2, null, 0), (os.POSIX_SPAWN_DUP2, null, 1)]
    start = time.perf_counter()
    child = os.posix_spawnp(argv[0], argv, os.environ, file_actions=actions)
    _, status, usage = os.wait4(child, 0)
    seconds = time.perf_counter() - start
    os.close(null)
    if status != 0:
        raise SystemExit(f"failed with status {status}: {' '.join(argv)}")
    return Process(seconds, usage.ru_maxrss * 1024)


def output(argv):
    """What a process prints."""
    argv = [str(argument) for argument in argv]
    done = subprocess.run(argv, check=True, capture_output=True, text=True)
    return done.stdout


def interleaved(rounds, **subjects):
    """Runs every subject once a round, in turn, and gives the median of each.

    A subject returns seconds, or a list of seconds of runs of its own. One round before is thrown
    away: it fills the page cache for all.
    """
    taken = {name: [] for name in subjects}
    for subject in subjects.values():
        subject()
    for _ in range(rounds):
        for name, subject in subjects.items():
            seconds = subject()
            taken[name].extend(seconds if isinstance(seconds, list) else [seconds])
    return {name: statistics.median(seconds) for name, seconds in taken.items()}


def inside(binary, catalog_dir, catalog, sql, runs, settings=()):
    """The seconds that Sluice itself needs for a statement, run several times in one process.

    The first run is thrown away, as it is for the peers: it opens tables and reads footers.
    """
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        script = Path(folder) / "script.sql"
        script.write_text("\n".join([sql] * (runs + 1)))
        argv = [binary, "-X", "--catalog-dir", catalog_dir, "--catalog", catalog, "-q", "--csv"]
        for setting in settings:
            argv += ["--set", setting]
        run([*argv, "-f", script, "--report", f"json={report}"])
        statements = json.loads(report.read_text())["statements"]
    return [statement["seconds"] for statement in statements[1:]]


class Peers:
    """The peers' programs, and statements run inside a process of theirs."""

    def __init__(self, folder):
        self.python = folder / "python"
        self.duckdb = folder / "duckdb"
        self.tpchgen = folder / "tpchgen-cli"

    def inside(self, engine, tables, sql, runs):
        """The seconds that a peer's engine needs for a statement, without start-up and imports."""
        job = json.dumps({"engine": engine, "tables": tables, "sql": sql, "runs": runs})
        argv = [self.python, "-B", HERE / "peer.py"]
        done = subprocess.run(argv, input=job, check=True, capture_output=True, text=True)
        return json.loads(done.stdout)["seconds"]

    def versions(self):
        """Name and version of each."""
        argv = [self.python, "-m", "pip", "list", "--format=json", "--disable-pip-version-check"]
        wanted = {"duckdb", "duckdb-cli", "datafusion"}
        packages = json.loads(output(argv))
        return [f"{p['name']} {p['version']}" for p in packages if p["name"] in wanted]


@dataclass
class Row:
    """A line of the table."""

    case: str
    sluice: str
    peer: str
    theirs: str
    ratio: float | None
    most: float | None
    must: bool


class Table:
    """The one table."""

    def __init__(self):
        self.rows = []

    def ratio(self, case, ours, peer, theirs, most=None, must=True):
        """Two times in seconds; `most` is the ratio that is asked for."""
        self.rows.append(Row(case, seconds(ours), peer, seconds(theirs), ours / theirs, most, must))

    def mean(self, case, ratios, peer, most, must=True):
        """The geometric mean of ratios."""
        mean = statistics.geometric_mean(ratios)
        self.rows.append(Row(case, "", peer, "", mean, most, must))

    def size(self, case, ours, most):
        """A size in bytes against a limit."""
        mib = 1024 * 1024
        self.rows.append(
            Row(case, f"{ours / mib:.0f} MiB", "limit", f"{most / mib:.0f} MiB", ours / most, 1.0, True)
        )

    def not_measured(self, case, why):
        """A line that says why there is no figure."""
        self.rows.append(Row(case, "not measured", why, "", None, None, False))

    def all_met(self):
        """Whether all that must be met is."""
        return all(r.most is None or not r.must or r.ratio <= r.most for r in self.rows)

    def text(self):
        """The table as text."""
        lines = [("", "sluice", "against", "", "ratio", "asked", "")]
        for row in self.rows:
            ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
            asked, verdict = "", ""
            if row.most is not None:
                asked = f"≤ {row.most:.2f}" if row.must else f"aim {row.most:.2f}"
                verdict = "" if row.ratio <= row.most else "missed"
            lines.append((row.case, row.sluice, row.peer, row.theirs, ratio, asked, verdict))
        widths = [max(len(line[at]) for line in lines) for at in range(7)]
        left = {0, 2, 6}
        pad = lambda at, cell: cell.ljust(widths[at]) if at in left else cell.rjust(widths[at])
        return "\n".join(
            "  ".join(pad(at, cell) for at, cell in enumerate(line)).rstrip() for line in lines
        )


def seconds(value):
    """A time as people read it."""
    return f"{value * 1000:.1f} ms" if value < 1 else f"{value:.2f} s"
