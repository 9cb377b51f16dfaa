"""Snapshots of HBase: Sluice against HBase's own readers, one core against one core."""

import os
import random
from statistics import median

import hbase
from measure import run

FORMS = {"fast_diff_snappy": "FAST_DIFF + SNAPPY", "none": "NONE + NONE"}
POINTS = 1_000

COLUMNS = """
encoding = "binary"
[[columns]]
name = "k"
type = "VARCHAR"
source = ":key"
[[columns]]
name = "age"
type = "INT"
source = "f:age"
[[columns]]
name = "city"
type = "VARCHAR"
source = "f:city"
[[columns]]
name = "email"
type = "VARCHAR"
source = "f:email"
[[columns]]
name = "name"
type = "VARCHAR"
source = "f:name"
[[columns]]
name = "seen"
type = "BIGINT"
source = "f:seen"
"""


def cpu(argv):
    """CPU and wall seconds of a process and all its threads."""
    before = os.times()
    process = run(argv)
    after = os.times()
    used = after.children_user - before.children_user + after.children_system - before.children_system
    return {"cpu_s": used, "wall_s": process.seconds}


def root(bench, form):
    """The snapshot, made once by a real HBase."""
    folder = bench.target / "bench-data" / f"hbase-{form}"
    if not (folder / "root/.hbase-snapshot").exists():
        hbase.make_snapshot(folder, form, target=bench.target)
    return folder / "root"


def catalog(bench, form, root):
    """A catalog whose one table declares the five columns."""
    folder = bench.target / "bench-data" / f"hbase-catalog-{form}"
    (folder / "h/default").mkdir(parents=True, exist_ok=True)
    (folder / "h.toml").write_text(f'connector = "hbase_snapshot"\n[options]\nlocation = "{root}"\n')
    (folder / "h/default/t.toml").write_text('[options]\nsnapshot = "bench"' + COLUMNS)
    return folder


def snapshots(bench, table):
    """A whole scan into columns, one column of five, and single rows.

    The JVM is warm and only the time of its reading thread counts; ours is the CPU time of a whole process
    less that of one that answers `select 1`, reading included. A ratio of CPU seconds, so below 1 is faster.
    """
    for form, name in FORMS.items():
        path = root(bench, form)
        folder = catalog(bench, form, path)

        def sluice(sql, partitions=1):
            argv = [bench.sluice, "-X", "--catalog-dir", folder, "--catalog", "h", "-q", "--csv"]
            argv += ["--set", f"datafusion.execution.target_partitions={partitions}", "-c"]
            base, full = cpu([*argv, "select 1"]), cpu([*argv, sql])
            return {key: full[key] - base[key] for key in full}

        chosen = random.Random(1)
        keys = ", ".join(f"'u{chosen.randrange(hbase.ROWS):015d}'" for _ in range(POINTS))
        every = "count(k), count(age), count(city), count(email), count(name), count(seen)"
        subjects = {
            "ours all": lambda: sluice(f"select {every} from default.t"),
            "scan all": lambda: reader.measure("scan all"),
            "hfile": lambda: reader.measure("hfile"),
            "ours one": lambda: sluice("select count(name) from default.t"),
            "scan one": lambda: reader.measure("scan one"),
            "ours points": lambda: sluice(f"select {every} from default.t where k in ({keys})"),
            "points scan": lambda: reader.measure("points scan"),
            "ours two": lambda: sluice(f"select {every} from default.t", 2),
        }
        reader = hbase.Readers(path, bench.target)
        taken = {subject: [] for subject in subjects}
        for round_number in range(max(bench.rounds // 2, 3)):
            for subject, measure in subjects.items():
                seconds = measure()
                # The first two warm up the JVM and the page cache.
                if round_number > 1 or bench.rounds <= 3 and round_number > 0:
                    taken[subject].append(seconds)
        reader.close()
        best = {subject: median(s["cpu_s"] for s in seconds) for subject, seconds in taken.items()}
        wall = {subject: median(s["wall_s"] for s in seconds) for subject, seconds in taken.items()}
        table.ratio(f"{name}, all columns, CPU", best["ours all"], "TableSnapshotScanner", best["scan all"], 0.25)
        table.ratio(f"{name}, all columns, CPU", best["ours all"], "HFile.Reader", best["hfile"], 1 / 1.5)
        table.ratio(f"{name}, all columns, wall", wall["ours all"], "TableSnapshotScanner", wall["scan all"])
        table.ratio(f"{name}, all columns, wall", wall["ours all"], "HFile.Reader", wall["hfile"])
        table.ratio(f"{name}, one of five, CPU", best["ours one"], "TableSnapshotScanner", best["scan one"], 0.25)
        table.ratio(f"{name}, 1,000 rows, wall", wall["ours points"], "TableSnapshotScanner", wall["points scan"], 0.2)
        table.ratio(f"{name}, two cores, wall", wall["ours two"], "one core", wall["ours all"], 1 / 1.8)
