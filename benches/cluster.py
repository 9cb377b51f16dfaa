"""Tables in HDFS: a real cluster on this machine, against bare clients and against files.

The cluster is that of the tests (`tests/servers/hdfs`): one NameNode and three DataNodes in one Java
process. The bare clients are hdfs-native from PyPI, the crate that Sluice reads with, and HDFS's own in
Java, which read the same bytes with as many threads and do nothing with them.
"""

import json
import os
import subprocess

import servers
from measure import HERE, interleaved, run

COLUMNS = 10
ROWS = 8_000_000

RAW = """
import json, sys, time
from concurrent.futures import ThreadPoolExecutor
from hdfs_native import Client
url, path, threads, runs = json.load(sys.stdin)
client = Client(url)
size = client.get_file_info(path).length
step = -(-size // threads)
def part(start):
    reader, end = client.read(path), min(start + step, size)
    reader.seek(start)
    while start < end:
        start += len(reader.read(min(8 << 20, end - start)))
seconds = []
for _ in range(runs + 1):
    begun = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(part, range(0, size, step)))
    seconds.append(time.perf_counter() - begun)
json.dump(seconds[1:], sys.stdout)
"""


def catalog(bench, authority):
    """A catalog folder over the cluster."""
    folder = bench.data.root / "catalog-of-cluster"
    folder.mkdir(exist_ok=True)
    text = f'connector = "files"\nwritable = true\n[options]\nlocation = "hdfs://{authority}/bench/"\n'
    (folder / "bench.toml").write_text(text)
    return folder


def raw(bench, authority, path, runs):
    """The seconds in which the bare client reads a file."""
    job = json.dumps([f"hdfs://{authority}", path, os.cpu_count(), runs])
    argv = [bench.peers.python, "-B", "-c", RAW]
    return json.loads(subprocess.run(argv, input=job, check=True, capture_output=True, text=True).stdout)


def java(bench, authority, path, runs):
    """The seconds in which HDFS's own client reads a file."""
    words = ["Read", f"hdfs://{authority}", path, str(os.cpu_count()), str(runs)]
    argv = servers.java("hdfs", bench.target, *words)
    return json.loads(subprocess.run(argv, check=True, capture_output=True, text=True).stdout)


def hdfs(bench, table):
    """A scan of a large file against the bare clients, and TPC-H 1 and 6 against the same files here.

    The scan is of an Arrow file that is not compressed, whose numbers are only counted: what there is
    to do besides reading is next to nothing.
    """
    with servers.started("hdfs", bench.target, "Cluster", "single") as cluster:
        authority = cluster.ready[0]
        folder = catalog(bench, authority)
        write = lambda sql: run(
            [bench.sluice, "-X", "--catalog-dir", folder, "--catalog", "bench", "-q", "-c", sql]
        )
        numbers = ", ".join(f"value + {at} as c{at}" for at in range(COLUMNS))
        url = f"hdfs://{authority}/bench"
        write(f"copy (select {numbers} from generate_series(1, {ROWS})) to '{url}/wide.arrow'")
        lineitem = bench.data.tpch / "lineitem.parquet"
        write(f"copy (select * from '{lineitem}') to '{url}/lineitem.parquet'")
        counts = ", ".join(f"count(c{at})" for at in range(COLUMNS))
        taken = interleaved(
            max(bench.rounds // 2, 2),
            sluice=lambda: bench.inside(folder, f"select {counts} from wide", 3),
            raw=lambda: raw(bench, authority, "/bench/wide.arrow", 3),
            java=lambda: java(bench, authority, "/bench/wide.arrow", 3),
        )
        mib = ROWS * COLUMNS * 8 // 2**20
        table.ratio(f"HDFS, a scan of {mib} MiB", taken["sluice"], "hdfs-native", taken["raw"], 1.11)
        table.ratio(f"HDFS, a scan of {mib} MiB", taken["sluice"], "Java client", taken["java"], 1.11)
        for name in ["q01", "q06"]:
            sql = (HERE / "tpch" / f"{name}.sql").read_text()
            taken = interleaved(
                max(bench.rounds // 2, 2),
                sluice=lambda: bench.inside(folder, sql, 3),
                files=lambda: bench.inside(bench.data.tpch_catalog, sql, 3),
            )
            table.ratio(f"TPC-H {name} from HDFS", taken["sluice"], "files", taken["files"])
