"""Topics of Kafka and of RocketMQ on real brokers, which share the machine with who reads them.

The ceiling of a statement over a topic is what the client alone takes to read the topic and drop every
record (`benches/consumer`, the same librdkafka), and what the same statement takes over the same
records in a file: both use all cores, so their times add up.
"""

import json
import os
import subprocess

import servers
from measure import HERE, interleaved, output, run

PARTITIONS = 4
# Of the last of eleven fields, so that a record has some 250 bytes.
NOTE = 75
LONG_NOTE = 10_000
MEMORY = 512 * 1024 * 1024
COLUMNS = {
    "id": "BIGINT",
    "sent": "BIGINT",
    "device_model": "VARCHAR",
    "os": "VARCHAR",
    "country": "VARCHAR",
    "battery": "INT",
    "signal": "DOUBLE",
    "charging": "BOOLEAN",
    "session": "VARCHAR",
    "kind": "VARCHAR",
    "note": "VARCHAR",
}
EVERY = ", ".join(f"count({column})" for column in COLUMNS)
TWO = "count(battery)"
# What brokers of RocketMQ reach into.
ROCKETMQ = [
    "--add-opens=java.base/java.nio=ALL-UNNAMED",
    "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
    "--add-opens=java.base/java.lang=ALL-UNNAMED",
    "--add-exports=java.base/jdk.internal.ref=ALL-UNNAMED",
]


def grouped(counts, table):
    """The statement that is measured."""
    return f"select device_model, count(*), {counts} from {table} group by 1;"


def catalog(bench, name, text):
    """A catalog folder whose table `events` declares the columns."""
    folder = bench.data.root / f"catalog-of-{name}"
    (folder / "bench" / "default").mkdir(parents=True, exist_ok=True)
    (folder / "bench.toml").write_text(text)
    columns = "".join(f'[[columns]]\nname = "{name}"\ntype = "{kind}"\n' for name, kind in COLUMNS.items())
    for table in ["events", "large"]:
        (folder / "bench" / "default" / f"{table}.toml").write_text(columns)
    return folder


def consumer(target):
    """The client alone, built once."""
    folder = target / "bench-consumer"
    environment = {**os.environ, "CARGO_TARGET_DIR": str(folder)}
    manifest = HERE / "consumer" / "Cargo.toml"
    command = ["cargo", "build", "--quiet", "--locked", "--release", "--manifest-path", manifest]
    subprocess.run(command, env=environment, check=True)
    return folder / "release" / "sluice-consumer-bench"


def console(bench, address, count):
    """The command line of Kafka's console consumer, which ends after so many records."""
    main = "org.apache.kafka.tools.consumer.ConsoleConsumer"
    argv = servers.java("kafka", bench.target, main, "--bootstrap-server", address, "--topic", "events")
    return [*argv, "--from-beginning", "--max-messages", str(count)]


def dumped(bench, argv):
    """A folder with the records as lines of a file, as the console consumer writes them."""
    folder = bench.data.root / "dump-of-kafka"
    folder.mkdir(exist_ok=True)
    with open(folder / "events.json", "wb") as file:
        subprocess.run(argv, stdout=file, stderr=subprocess.DEVNULL, check=True)
    return folder


def same_answer(bench, folder, sql, other, other_sql):
    """Ends the benchmark if two catalogs do not give the same rows."""
    answers = []
    for catalog_dir, text in [(folder, sql), (other, other_sql)]:
        argv = [bench.sluice, "-X", "--catalog-dir", catalog_dir, "--catalog", "bench", "-q", "--csv"]
        answers.append(sorted(output([*argv, "-c", text]).splitlines()))
    if answers[0] != answers[1]:
        raise SystemExit(f"{sql}\n{answers[0]}\n{answers[1]}")


def kafka(bench, table):
    """Statements in a warm process against what they are made of, and against the way by a file.

    The console consumer and DuckDB on what it has written are what people do without a table; the first
    is a whole process, as it has no other form.
    """
    count = 500_000 if bench.rounds < 9 else 2_000_000
    alone = consumer(bench.target)
    with servers.started("kafka", bench.target, "Broker") as broker:
        address = broker.ready[0]
        broker.run("bench", "events", PARTITIONS, count, NOTE, "none")
        text = f'connector = "kafka"\n[options]\nbootstrap_servers = "{address}"\n'
        folder = catalog(bench, "kafka", text)
        argv = console(bench, address, count)
        dump = dumped(bench, argv)
        files = catalog(bench, "dump", f'connector = "files"\n[options]\nlocation = "{dump}"\n')
        every, two = (grouped(counts, "bench.default.events") for counts in (EVERY, TWO))
        same_answer(bench, folder, every, files, every)
        lines = {"events": {"path": str(dump / "events.json"), "format": "json", "columns": COLUMNS}}
        client = [alone, address, "events", str(PARTITIONS), "2"]
        taken = interleaved(
            max(bench.rounds // 3, 2),
            every=lambda: bench.inside(folder, every, 2),
            client=lambda: json.loads(output(client))["seconds"],
            decoding=lambda: bench.inside(files, every, 2),
            two=lambda: bench.inside(folder, two, 2),
            decoding_two=lambda: bench.inside(files, two, 2),
            console=lambda: run(argv).seconds,
            duckdb=lambda: bench.peers.inside("duckdb", lines, grouped(EVERY, "events"), 2),
        )
        of = f"Kafka, {count / 1e6:g} M records"
        for case, ours, decoding, must in [
            ("all of eleven fields", taken["every"], taken["decoding"], True),
            ("two of eleven", taken["two"], taken["decoding_two"], False),
        ]:
            case = f"{of}, {case}"
            ceiling = taken["client"] + decoding
            table.ratio(case, ours, "0.8 M records/s", count / 0.8e6, 1.0, must)
            table.ratio(case, ours, "client, then decoding", ceiling, 1 / 0.75, must)
            table.ratio(case, ours, "the client alone", taken["client"])
            table.ratio(case, ours, "the same of a file", decoding)
        table.ratio(of, taken["every"], "kafka-console-consumer", taken["console"])
        table.ratio(of, taken["every"], "DuckDB on its dump", taken["duckdb"])
        table.ratio(of, taken["every"], "both", taken["console"] + taken["duckdb"])

        last = "select * from bench.default.events order by _offset desc limit 1000;"
        taken = interleaved(bench.rounds, last=lambda: bench.inside(folder, last, 5))
        table.ratio("Kafka, the last 1,000 records", taken["last"], "50 ms", 0.050, 1.0)
        (dump / "events.json").unlink()
        memory(bench, table, broker, folder)


def memory(bench, table, broker, folder):
    """The peak of a process that scans records of 10 kB each, compressed in the topic."""
    gigabytes = 1 if bench.rounds < 9 else 10
    broker.run("bench", "large", PARTITIONS, gigabytes * 100_000, LONG_NOTE, "zstd")
    sql = grouped(EVERY, "bench.default.large")
    peak = bench.process(folder, "--csv", "-c", sql).peak
    table.size(f"Kafka, a scan of {gigabytes} GB, peak memory", peak, MEMORY)


def rocketmq(bench, table):
    """The same statement over four queues, against RocketMQ's own pull consumer in its warm process.

    That one has a thread a queue, and drops what it reads.
    """
    count = 300_000 if bench.rounds < 9 else 1_000_000
    with servers.started("rocketmq", bench.target, "Cluster", options=ROCKETMQ) as cluster:
        cluster.run("bench", "events", PARTITIONS, count)
        text = f'connector = "rocketmq"\n[options]\nname_servers = "{cluster.ready[0]}"\n'
        folder = catalog(bench, "rocketmq", text)
        every = grouped(EVERY, "bench.default.events")
        counted = "select count(*) from bench.default.events;"
        last = "select * from bench.default.events order by _offset desc limit 1000;"
        taken = interleaved(
            max(bench.rounds // 3, 2),
            every=lambda: bench.inside(folder, every, 2),
            counted=lambda: bench.inside(folder, counted, 2),
            own=lambda: float(cluster.run("pull", "events").split()[1]),
            last=lambda: bench.inside(folder, last, 5),
        )
        of = f"RocketMQ, {count / 1e6:g} M messages"
        for case, ours in [("all of eleven fields", taken["every"]), ("count(*)", taken["counted"])]:
            case = f"{of}, {case}"
            table.ratio(case, ours, "0.3 M messages/s", count / 0.3e6, 1.0)
            table.ratio(case, ours, "its own pull consumer", taken["own"])
        table.ratio("RocketMQ, the last 1,000 messages", taken["last"], "50 ms", 0.050)
