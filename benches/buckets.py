"""Tables in a bucket: a real S3-compatible server on this machine, the bytes that are asked of it, and
DataFusion over the same server.

The server is Versity's gateway, as in the tests, over hard links to the files of the other items.
"""

import contextlib
import csv
import io
import json
import os
import socket
import subprocess
import time
from pathlib import Path

import data
from measure import HERE, interleaved, output

BUILD = HERE.parent / "tests" / "servers" / "oss" / "build"
KEY, SECRET, BUCKET = "bench-key", "bench-secret", "bench"

# What the answer of TPC-H 6 needs.
NEEDED = ["l_quantity", "l_extendedprice", "l_discount", "l_shipdate"]

CHUNKS = """
import json, sys
import pyarrow.parquet
path, columns = json.load(sys.stdin)
footer = pyarrow.parquet.ParquetFile(path).metadata
groups = [footer.row_group(at) for at in range(footer.num_row_groups)]
chunks = [group.column(at) for group in groups for at in range(group.num_columns)]
needed = sum(chunk.total_compressed_size for chunk in chunks if chunk.path_in_schema in columns)
print(needed + footer.serialized_size + 8)
"""


# Between a client and a server that is far away: what the client sends arrives later.
DISTANT = """
import asyncio, sys
port, delay = int(sys.argv[1]), float(sys.argv[2])

async def pump(reader, writer, delay):
    clock, queue = asyncio.get_running_loop().time, asyncio.Queue(1024)
    async def read():
        while data := await reader.read(1 << 16):
            await queue.put((clock() + delay, data))
        await queue.put((0, b""))
    reading = asyncio.create_task(read())
    while True:
        due, data = await queue.get()
        if not data:
            break
        if (left := due - clock()) > 0:
            await asyncio.sleep(left)
        writer.write(data)
        await writer.drain()
    await reading
    writer.close()

async def serve(reader, writer):
    back, forth = await asyncio.open_connection("127.0.0.1", port)
    both = pump(reader, forth, delay), pump(back, writer, 0)
    await asyncio.gather(*both, return_exceptions=True)

async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()

asyncio.run(main())
"""


@contextlib.contextmanager
def distant(bench, port, delay):
    """The port at which a server is so many seconds away."""
    argv = [bench.peers.python, "-B", "-c", DISTANT, str(port), str(delay)]
    proxy = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
    try:
        yield int(proxy.stdout.readline())
    finally:
        proxy.kill()
        proxy.wait()


@contextlib.contextmanager
def gateway(folder, target):
    """The port of a server whose buckets are the folders of a folder."""
    program = output([BUILD, Path(target) / "tmp" / "servers"]).strip()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    argv = [program, "-p", f"127.0.0.1:{port}", "-a", KEY, "-s", SECRET, "-r", "us-east-1"]
    null = subprocess.DEVNULL
    server = subprocess.Popen([*argv, "--quiet", "--keep-alive", "posix", folder], stdout=null)
    try:
        while True:
            if server.poll() is not None:
                raise SystemExit(f"the S3 server ended with status {server.returncode}")
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except ConnectionRefusedError:
                time.sleep(0.01)
        yield port
    finally:
        server.kill()
        server.wait()


def linked(bench):
    """A folder with one bucket: the files of TPC-H."""
    folder = bench.data.root / "buckets"
    bucket = folder / BUCKET
    bucket.mkdir(parents=True, exist_ok=True)
    for table in data.TPCH:
        there = bucket / f"{table}.parquet"
        if not there.exists():
            os.link(bench.data.tpch / there.name, there)
    return folder


def catalog(bench, port):
    """A catalog folder over the bucket."""
    folder = bench.data.root / "catalog-of-bucket"
    folder.mkdir(exist_ok=True)
    (folder / "bench.toml").write_text(f"""
connector = "files"
[options]
location = "s3://{BUCKET}/"
[store]
endpoint = "http://127.0.0.1:{port}"
access_key_id = "{KEY}"
access_key_secret = "{SECRET}"
""")
    return folder


def received(bench, folder, sql):
    """What a statement asked of the server: the counters of its receipt."""
    argv = [bench.sluice, "-X", "--catalog-dir", folder, "--catalog", "bench", "-q", "--csv"]
    text = output([*argv, "-c", f"{sql};\nshow receipt"]).split("\n\n", 1)[1]
    lines = csv.DictReader(io.StringIO(text))
    return {line["counter"]: int(line["amount"]) for line in lines if line["source"] == f"s3://{BUCKET}"}


def needed(bench, table, columns):
    """The bytes of the chunks of some columns, and of the footer."""
    job = json.dumps([str(bench.data.tpch / f"{table}.parquet"), columns])
    argv = [bench.peers.python, "-B", "-c", CHUNKS]
    return int(subprocess.run(argv, input=job, check=True, capture_output=True, text=True).stdout)


def peer_tables(port):
    """The tables of the bucket as DataFusion opens them."""
    store = {"endpoint": f"http://127.0.0.1:{port}", "key": KEY, "secret": SECRET, "bucket": BUCKET}
    path = lambda name: f"s3://{BUCKET}/{name}.parquet"
    return {name: {"path": path(name), "format": "parquet", "store": store} for name in data.TPCH}


def buckets(bench, table):
    """Bytes against what the answer needs, and every query of TPC-H against DataFusion.

    Both engines are warm, read from the same server with their defaults, and plan in their figures.
    The time over files stands beside: what a server on the same machine costs.
    """
    with gateway(linked(bench), bench.target) as port:
        folder = catalog(bench, port)
        q6 = (HERE / "tpch" / "q06.sql").read_text().strip().rstrip(";")
        asked = received(bench, folder, q6)
        requests = sum(asked.get(f"{kind}_requests", 0) for kind in ("list", "head", "get"))
        most = 1.1 * needed(bench, "lineitem", NEEDED)
        case = f"TPC-H 6 from S3, bytes in {requests} requests"
        table.size(case, asked["bytes_received"], most)

        tables = peer_tables(port)
        ratios, of_files = [], []
        for path in sorted((HERE / "tpch").glob("*.sql")):
            sql = path.read_text()
            taken = interleaved(
                max(bench.rounds // 2, 2),
                sluice=lambda: bench.inside(folder, sql, 3),
                files=lambda: bench.inside(bench.data.tpch_catalog, sql, 3),
                datafusion=lambda: bench.peers.inside("datafusion", tables, sql, 3),
            )
            case = f"TPC-H {path.stem} from S3"
            table.ratio(case, taken["sluice"], "datafusion", taken["datafusion"], 1.05)
            table.ratio(case, taken["sluice"], "files", taken["files"])
            ratios.append(taken["sluice"] / taken["datafusion"])
            of_files.append(taken["sluice"] / taken["files"])
        table.mean("TPC-H from S3, geometric mean", ratios, "datafusion", 1.0)
        table.mean("TPC-H from S3, geometric mean", of_files, "files", None)

        with distant(bench, port, 0.02) as far:
            folder, tables = catalog(bench, far), peer_tables(far)
            for name in ["q01", "q03", "q06"]:
                sql = (HERE / "tpch" / f"{name}.sql").read_text()
                taken = interleaved(
                    max(bench.rounds // 2, 2),
                    sluice=lambda: bench.inside(folder, sql, 3),
                    datafusion=lambda: bench.peers.inside("datafusion", tables, sql, 3),
                )
                case = f"TPC-H {name} from S3, 20 ms away"
                table.ratio(case, taken["sluice"], "datafusion", taken["datafusion"], 1.05)
