"""The server from outside: how fast rows leave it, how long a call takes, what many clients do to it.

The clients are `benches/door`, a program of its own in Rust that links nothing of Sluice and is the bare
arrow-flight server, too. Servers run on the first core and clients on the second, where the system can
pin them.
"""

import contextlib
import json
import os
import statistics
import subprocess
import threading
import time
from pathlib import Path

from measure import HERE, output, run

GO_PEER = "github.com/apache/arrow-go/v18/arrow/flight/flightsql/example/cmd/sqlite_flightsql_server"
GO_VERSION = "v18.8.0"
ROWS = 128 * 8192
MEMORY = 1024 * 1024 * 1024
NUMBERS = ", ".join(f"value * 8 + {at} AS c{at}" for at in range(8))
TEXTS = ", ".join(
    f"arrow_cast('a text of some length {at} ' || lpad(CAST(value AS VARCHAR), 8, '0'), 'Utf8View') AS c{at}"
    for at in range(4)
)
SERIES = f"FROM generate_series(0, {ROWS - 1})"
ENDLESS = "SELECT value FROM generate_series(1, 100000000000)"
RUNNING = (
    "SELECT count(*) FROM system.runtime.queries"
    " WHERE state IN ('planning', 'planned', 'queued', 'running') AND sql LIKE '%generate_series%'"
    " AND sql NOT LIKE '%system.runtime%'"
)


def pinned(core):
    """What a child does before it begins: stays on a core, if there are two."""
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_setaffinity") else []
    if len(cores) < 2:
        return None
    return lambda: os.sched_setaffinity(0, {cores[core]})


class Tools:
    """The programs, built and installed once."""

    def __init__(self, target):
        self.folder = target / "bench-door"
        environment = {**os.environ, "CARGO_TARGET_DIR": str(self.folder)}
        manifest = HERE / "door" / "Cargo.toml"
        command = ["cargo", "build", "--locked", "--release", "--manifest-path", manifest]
        subprocess.run(command, env=environment, check=True)
        self.client = self.folder / "release" / "sluice-door-bench"

    def go_peer(self):
        """The example server of arrow-go over SQLite; `None` where there is no Go."""
        folder = self.folder / "go"
        program = folder / "sqlite_flightsql_server"
        if not program.exists():
            environment = {**os.environ, "GOBIN": str(folder)}
            try:
                subprocess.run(["go", "install", f"{GO_PEER}@{GO_VERSION}"], env=environment, check=True)
            except (OSError, subprocess.CalledProcessError):
                return None
        return program

    def ask(self, *arguments):
        """What a client has measured."""
        argv = [str(argument) for argument in (self.client, *arguments)]
        done = subprocess.run(argv, check=True, capture_output=True, text=True, preexec_fn=pinned(1))
        return json.loads(done.stdout)


def drained(lines):
    for _ in lines:
        pass


@contextlib.contextmanager
def started(argv, stream, cwd, mark):
    """A server, and the place in its first line that says where it is."""
    argv = [str(argument) for argument in argv]
    pipes = {stream: subprocess.PIPE}
    other = "stdout" if stream == "stderr" else "stderr"
    pipes[other] = subprocess.DEVNULL
    environment = {**os.environ, "XDG_STATE_HOME": str(cwd)}
    server = subprocess.Popen(argv, cwd=cwd, env=environment, text=True, preexec_fn=pinned(0), **pipes)
    try:
        line = getattr(server, stream).readline()
        if mark not in line:
            raise SystemExit(f"does not start: {' '.join(argv)}: {line}")
        # What it logs later is taken from it: a pipe that nobody reads would hold it up.
        threading.Thread(target=drained, args=(getattr(server, stream),), daemon=True).start()
        yield server.pid, "grpc://" + line.rsplit(mark, 1)[1].strip()
    finally:
        server.kill()
        server.wait()


def sluice(bench, folder, *arguments):
    """`sluice serve` over a folder's catalog."""
    argv = [bench.sluice, "serve", "--catalog-dir", "catalog", "--listen", "127.0.0.1:0", *arguments]
    return started(argv, "stderr", folder, "grpc://")


def prepared(bench):
    """A folder with a catalog, Parquet files, users and a configuration."""
    folder = bench.data.root / "door"
    (folder / "catalog").mkdir(parents=True, exist_ok=True)
    location = json.dumps(str(folder / "files"))
    (folder / "catalog" / "bench.toml").write_text(
        f'connector = "files"\nwritable = true\n[options]\nlocation = {location}\n'
    )
    (folder / "crowd.toml").write_text("[server]\nstatements = 8\n")
    # Sessions that stay would fill this.
    (folder / "vanish.toml").write_text("[server]\nstatements = 8\nsessions = 200\n")
    for name, columns in [("numbers", NUMBERS), ("texts", TEXTS)]:
        file = folder / "files" / f"{name}.parquet"
        if not file.exists():
            file.parent.mkdir(exist_ok=True)
            run([bench.sluice, "-X", "-q", "-c", f"COPY (SELECT {columns} {SERIES}) TO '{file}'"], cwd=folder)
    users = folder / "users.toml"
    if not users.exists():
        argv = [bench.sluice, "user", "add", "ada", "--users", users]
        subprocess.run([str(a) for a in argv], input="secret\n", text=True, check=True, capture_output=True)
    return folder


def door(bench, table):
    """DoGet end to end against a bare arrow-flight server that has the rows in memory.

    Both send the same rows in batches of 8,192; a client of arrow-flight decodes them. The bare server
    sends texts as Utf8, which is what Sluice's become on the wire. Its figure is what gRPC and the
    encoding cost; the rest is Sluice.
    """
    folder, tools = prepared(bench), bench.tools()
    runs = 3
    with (
        started([tools.client, "bare", ROWS], "stdout", folder, "grpc://") as (_, bare),
        sluice(bench, folder) as (_, uri),
    ):
        memory = {
            "int": ("numbers", f"CREATE TABLE numbers AS SELECT {NUMBERS} {SERIES}"),
            "text": ("texts", f"CREATE TABLE texts AS SELECT {TEXTS} {SERIES}"),
        }
        for kind, (name, setup) in memory.items():
            asks = {
                "bare": lambda kind=kind: tools.ask("get-bare", bare, runs, kind),
                "memory": lambda: tools.ask("get", uri, runs, f"SELECT * FROM {name}", setup),
                "parquet": lambda: tools.ask("get", uri, runs, f'SELECT * FROM bench.default."{name}"'),
            }
            seconds = {source: [] for source in asks}
            for _ in range(bench.rounds):
                for source, ask in asks.items():
                    found = ask()
                    assert found["rows"] == ROWS, found
                    seconds[source] += found["seconds"]
            median = {source: statistics.median(taken) for source, taken in seconds.items()}
            case = "8 × Int64" if kind == "int" else "4 × Utf8View"
            table.ratio(f"DoGet {case}, session table", median["memory"], "bare server", median["bare"], 1.25)
            table.ratio(f"DoGet {case}, Parquet", median["parquet"], "bare server", median["bare"], 2.0)


def calls(bench, table):
    """Round trips of `SELECT 1`, one after the other on one connection.

    Basic with every call is what database/sql of arrow-go sends; a session's token is what others do.
    The peer for prepared statements is arrow-go's example server over SQLite: like Sluice's, its trip is
    GetFlightInfo and DoGet of a statement that was prepared before.
    """
    folder, tools = prepared(bench), bench.tools()
    count = 1000
    with sluice(bench, folder, "--users", "users.toml") as (_, uri):
        micros = {"basic": [], "bearer": []}
        for _ in range(max(bench.rounds // 3, 1)):
            for how, taken in micros.items():
                taken += tools.ask("trips", uri, count, how)["micros"]
        basic, bearer = (sum(micros[how]) / len(micros[how]) * 1e-6 for how in ("basic", "bearer"))
        table.ratio("SELECT 1, Basic with every call", basic, "by token", bearer, 1.2)
    go = tools.go_peer()
    if go is None:
        table.not_measured("SELECT 1, prepared", "no Go")
        return
    with (
        sluice(bench, folder) as (_, uri),
        started([go, "-host", "127.0.0.1", "-port", "0"], "stderr", folder, "ddr: ") as (_, peer),
    ):
        micros = {"sluice": [], "peer": []}
        for _ in range(max(bench.rounds // 3, 1)):
            micros["sluice"] += tools.ask("trips", uri, count, "prepared")["micros"]
            micros["peer"] += tools.ask("trips", peer, count, "prepared")["micros"]
        for name, percent in [("p50", 50), ("p99", 99)]:
            ours, theirs = (percentile(micros[whose], percent) * 1e-6 for whose in ("sluice", "peer"))
            table.ratio(f"SELECT 1, prepared, {name}", ours, "arrow-go, SQLite", theirs, 1.0)


def load(bench, table):
    """200 clients with 2,000 statements, 8 admitted at once; 10,000 clients that come and vanish.

    No statement may fail; memory must stay within the limit, and after the second half of those who
    vanish be what it was after the first. The server takes 200 sessions, so one that stays is an error.
    """
    folder, tools = prepared(bench), bench.tools()
    clients, statements, comers = (200, 2000, 10_000) if bench.rounds > 3 else (200, 2000, 2000)
    limit = ["--memory-limit", "768MB"]
    sql = 'SELECT c0 % 1000 AS k, sum(c1), count(DISTINCT c2 % 100) FROM bench.default."numbers" GROUP BY k'
    with sluice(bench, folder, "--config", "crowd.toml", *limit) as (pid, uri):
        found = tools.ask("crowd", uri, clients, statements, sql)
        no_errors(found)
        p50, p99 = percentile(found["micros"], 50) * 1e-6, percentile(found["micros"], 99) * 1e-6
        table.ratio(f"{clients} clients, {statements} statements, p99", p99, "p50", p50)
        table.size("their memory at most", memory(pid, "VmHWM"), MEMORY)
    with sluice(bench, folder, "--config", "vanish.toml", *limit) as (pid, uri):
        no_errors(tools.ask("vanish", uri, comers // 2, ENDLESS))
        settled(bench, uri)
        first = memory(pid, "VmRSS")
        no_errors(tools.ask("vanish", uri, comers // 2, ENDLESS))
        settled(bench, uri)
        table.size(f"memory after {comers} vanished clients", memory(pid, "VmRSS"), first * 1.1)


def no_errors(found):
    """Ends the benchmark with the errors that clients had."""
    if found["errors"]:
        raise SystemExit(f"clients had errors: {found['errors']}")


def settled(bench, uri):
    """Waits until nothing of those who vanished runs, and all turns are there again."""
    for _ in range(600):
        counted = output([bench.sluice, "-X", "-q", "--connect", uri, "--csv", "-c", RUNNING])
        if counted.split()[-1] == "0":
            return
        time.sleep(0.1)
    raise SystemExit("statements of clients that vanished go on")


def memory(pid, name):
    """Bytes of a process, as Linux counts them."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1]) * 1024
    raise SystemExit(f"no {name} of {pid}")


def percentile(values, percent):
    """The value that so many percent do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) * percent // 100, len(ordered) - 1)]
