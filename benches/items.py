"""What is measured: one function an item, with what is compared and why that is fair."""

import csv
import functools
import io
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from statistics import median

import buckets
import cluster
import data
import door
import snapshots
import streams
from measure import HERE, Peers, inside, interleaved, output, run
from terminal import Terminal

MEMORY = 60 * 1024 * 1024
CHECKED = "checked_arithmetic"


@dataclass(eq=False)
class Bench:
    """What all items share."""

    sluice: Path
    peers: Peers
    data: data.Data
    rounds: int
    target: Path

    @functools.cache
    def tools(self):
        """The clients of a server."""
        return door.Tools(self.target)

    def versions(self):
        """Who was measured."""
        return ", ".join([output([self.sluice, "--version"]).strip(), *self.peers.versions()])

    def process(self, catalog_dir, *arguments):
        """Sluice as a process over a catalog folder."""
        argv = [self.sluice, "-X", "--catalog-dir", catalog_dir, "--catalog", "bench", *arguments]
        return run(argv, cwd=self.data.root)

    def inside(self, catalog_dir, sql, runs, settings=()):
        """Seconds of a statement inside a process of Sluice."""
        return inside(self.sluice, catalog_dir, "bench", sql, runs, settings)


def start(bench, table):
    """Whole processes against whole processes: both are one binary that answers one statement.

    DuckDB is its command line program, not its Python module, and opens no database file; Sluice
    reads a catalog folder, which is more than DuckDB has to do.
    """
    none, large = bench.data.empty_catalog, bench.data.large_catalog
    sql = ["-c", "select 1"]
    taken = interleaved(
        bench.rounds * 5,
        duckdb=lambda: run([bench.peers.duckdb, *sql]).seconds,
        sluice=lambda: bench.process(none, *sql).seconds,
        thousand=lambda: bench.process(large, *sql).seconds,
    )
    ours = taken["sluice"]
    table.ratio("select 1, whole process", ours, "duckdb-cli", taken["duckdb"], 1.0)
    case = "select 1, 1,000 table files"
    table.ratio(case, taken["thousand"], "no table files", ours, 1.3)
    peaks = [bench.process(none, *sql).peak for _ in range(bench.rounds)]
    table.size("select 1, peak memory", sorted(peaks)[len(peaks) // 2], MEMORY)


def prompt(bench, table):
    """Sluice against itself at a terminal, and a key against the time a screen takes to be drawn.

    The prompt is there when its first character is drawn; 10,000 views are known when one of them
    is completed. A key is measured to the first bytes of its answer, in a statement of some length
    and with Tab.
    """

    def terminal(catalog):
        argv = [bench.sluice, "-X", "--catalog-dir", catalog, "--catalog", "bench"]
        return Terminal(argv, bench.data.root, bench.data.root / "home")

    def start():
        opened = terminal(bench.data.empty_catalog)
        taken = opened.wait_for(b"bench.default> ") - opened.began
        opened.end()
        return taken

    sql = ["-c", "select 1"]
    taken = interleaved(
        bench.rounds * 5,
        prompt=start,
        statement=lambda: bench.process(bench.data.empty_catalog, *sql).seconds,
    )
    table.ratio("start to prompt", taken["prompt"], "select 1", taken["statement"], 1.2)

    opened = terminal(bench.data.views_catalog)
    opened.wait_for(b"bench.default> ")
    opened.key(b"select * from v0999")
    while b"v09991" not in opened.seen:
        opened.key(b"\t")
    opened.key(b"\x15")
    keys = [opened.key(b"%c" % key) for key in b"select a.n1, b.n2 from v00001 a join v0500 on x"]
    opened.key(b"\x15")
    tabs = []
    for _ in range(bench.rounds * 3):
        opened.key(b"select * from v0999")
        tabs.append(opened.key(b"\t"))
        opened.key(b"\x15")
    opened.end()
    table.ratio("a key, 10,000 tables known", median(keys), "16 ms", 0.016, 1.0)
    table.ratio("the slowest of the keys", max(keys), "16 ms", 0.016, 1.0, must=False)
    table.ratio("Tab, 10,000 tables known", median(tabs), "30 ms", 0.030, 1.0)


def tpch(bench, table):
    """Engines against engines, all warm: the time of each statement inside a process.

    Every process opens its tables, runs the statement once unmeasured and then measured. So
    Python's start is not held against a peer, and neither are footers that are read once. Planning
    is in all three figures. Both peers run with their defaults and as many threads as Sluice.
    """
    catalog, tables = bench.data.tpch_catalog, bench.data.tpch_tables()
    ratios = {"datafusion": [], "duckdb": []}
    for path in sorted((HERE / "tpch").glob("*.sql")):
        sql = path.read_text()
        same_answer(bench, path.stem, sql)
        taken = interleaved(
            max(bench.rounds // 2, 2),
            sluice=lambda: bench.inside(catalog, sql, 3),
            datafusion=lambda: bench.peers.inside("datafusion", tables, sql, 3),
            duckdb=lambda: bench.peers.inside("duckdb", tables, sql, 3),
        )
        for peer, most, must in [("datafusion", 1.05, True), ("duckdb", 2.0, False)]:
            ratios[peer].append(taken["sluice"] / taken[peer])
            case = f"TPC-H {path.stem}"
            table.ratio(case, taken["sluice"], peer, taken[peer], most, must)
    table.mean("TPC-H, geometric mean", ratios["datafusion"], "datafusion", 0.9)
    table.mean("TPC-H, geometric mean", ratios["duckdb"], "duckdb", 1.0, must=False)


def same_answer(bench, name, sql):
    """Ends the benchmark if Sluice's answer is not DuckDB's: a wrong answer has no speed."""
    argv = [bench.sluice, "-X", "--catalog-dir", bench.data.tpch_catalog, "--catalog", "bench"]
    ours = rows(output([*argv, "-q", "--csv", "-c", sql]))
    views = "".join(
        f"create view {table} as from read_parquet('{found['path']}');"
        for table, found in bench.data.tpch_tables().items()
    )
    theirs = rows(output([bench.peers.duckdb, "-csv", "-c", views, "-c", sql]))
    if len(ours) != len(theirs):
        raise SystemExit(f"{name}: {len(ours)} rows, DuckDB has {len(theirs)}")
    for number, (mine, other) in enumerate(zip(ours, theirs), 1):
        if len(mine) != len(other) or not all(map(same_value, mine, other)):
            raise SystemExit(f"{name}, row {number}: {mine}, DuckDB has {other}")


def rows(text):
    """The rows of a CSV answer without its header."""
    return list(csv.reader(io.StringIO(text)))[1:]


def same_value(ours, theirs):
    """Whether two cells are the same; averages may differ in how many digits they keep."""
    if ours == theirs:
        return True
    try:
        ours, theirs = Decimal(ours), Decimal(theirs)
    except InvalidOperation:
        return False
    return abs(ours - theirs) <= max(abs(theirs), Decimal(1)) * Decimal("1e-6")


def export(bench, table):
    """Whole processes that write 10 million rows to standard output, which is /dev/null.

    DuckDB's shell prints row by row and would be slow; it is given COPY to /dev/stdout, the fastest
    way that it has. Its JSON is newline-delimited as ours is.
    """
    catalog = bench.data.big_catalog
    source = f"{bench.data.big}/big.parquet"
    for flag, options in [("csv", "format csv, header"), ("ndjson", "format json")]:
        copy = f"copy (from read_parquet('{source}')) to '/dev/stdout' ({options})"
        taken = interleaved(
            max(bench.rounds // 2, 2),
            sluice=lambda: bench.process(catalog, f"--{flag}", "-c", "select * from big").seconds,
            duckdb=lambda: run([bench.peers.duckdb, "-c", copy]).seconds,
        )
        case = f"10 M x 5 to {flag}"
        table.ratio(case, taken["sluice"], "duckdb-cli", taken["duckdb"], 1.0, must=False)


def folder(bench, table):
    """Whole processes of Sluice against one another: what a folder of 1,000 files adds."""
    catalog = bench.data.folder_catalog
    taken = interleaved(
        bench.rounds * 3,
        first=lambda: bench.process(catalog, "-c", "select * from raw.many limit 10").seconds,
        one=lambda: bench.process(catalog, "-c", "select 1").seconds,
    )
    table.ratio("first rows of 1,000 files", taken["first"], "select 1", taken["one"], 3.0)


def partitions(bench, table):
    """Whole processes of Sluice against one another: one partition of 1,000 against all of them.

    Both open the table, which looks at a sample of its folders; `count(*)` is answered from
    footers, so what differs is the listing and the footers of the files that are in question.
    """
    catalog = bench.data.partitions_catalog
    count = "select count(*) from raw.events"
    one = f"{count} where day = '0500'"
    taken = interleaved(
        2,
        one=lambda: bench.process(catalog, "-c", one).seconds,
        all=lambda: bench.process(catalog, "-c", count).seconds,
    )
    table.ratio("one partition of 1,000", taken["one"], "all 100,000 files", taken["all"], 0.1)


def text(bench, table):
    """Engines against engines, warm, on text without a bad record.

    Both are told the columns and their types, so nobody guesses. Sluice checks every field of every
    record whatever a statement reads, because which rows are good may not depend on it; DataFusion
    parses only what it needs and counts lines for count(*). So only the first case, where both parse
    all, is held to a limit; the others say what the promise costs.
    """
    catalog, tables = bench.data.text_catalog, bench.data.text_tables()
    every = ", ".join(f"max({name})" for name in data.TEXT_COLUMNS)
    cases = [("all columns", every, 1.05), ("count(*)", "count(*)", None), ("one of ten", "max(steps)", None)]
    for name in tables:
        for case, columns, most in cases:
            sql = f"select {columns} from {name};"
            taken = interleaved(
                max(bench.rounds // 3, 2),
                sluice=lambda: bench.inside(catalog, sql, 2),
                datafusion=lambda: bench.peers.inside("datafusion", tables, sql, 2),
            )
            case = f"{name} {tables[name]['format']}, {case}"
            table.ratio(case, taken["sluice"], "datafusion", taken["datafusion"], most)


def arithmetic(bench, table):
    """Sluice against itself with integer arithmetic that wraps, where a setting allows it."""
    argv = [bench.sluice, "-X", "--catalog-dir", bench.data.tpch_catalog, "--csv"]
    listed = output([*argv, "-c", "show settings"])
    if CHECKED not in listed:
        table.not_measured("checked arithmetic on TPC-H", f"no setting {CHECKED}")
        return
    ratios = []
    for path in sorted((HERE / "tpch").glob("*.sql")):
        sql = path.read_text()
        catalog = bench.data.tpch_catalog
        taken = interleaved(
            max(bench.rounds // 3, 2),
            on=lambda: bench.inside(catalog, sql, 3, [f"{CHECKED}=true"]),
            off=lambda: bench.inside(catalog, sql, 3, [f"{CHECKED}=false"]),
        )
        ratios.append(taken["on"] / taken["off"])
    table.mean("checked arithmetic on TPC-H", ratios, "unchecked", None)


ITEMS = {
    "start": start,
    "prompt": prompt,
    "tpch": tpch,
    "export": export,
    "folder": folder,
    "partitions": partitions,
    "text": text,
    "arithmetic": arithmetic,
    "door": door.door,
    "calls": door.calls,
    "load": door.load,
    "hbase": snapshots.snapshots,
    "s3": buckets.buckets,
    "hdfs": cluster.hdfs,
    "kafka": streams.kafka,
    "rocketmq": streams.rocketmq,
}
