"""The data that is measured on, made once and kept below Cargo's target folder."""

import os
import shutil
import subprocess
import sys
from functools import cached_property

TPCH = ["customer", "lineitem", "nation", "orders", "part", "partsupp", "region", "supplier"]

# Ten columns of the types that logs and exports have.
TEXT_COLUMNS = {
    "id": "BIGINT",
    "day": "DATE",
    "city": "VARCHAR",
    "amount": "DOUBLE",
    "device": "VARCHAR",
    "steps": "BIGINT",
    "score": "DOUBLE",
    "note": "VARCHAR",
    "started": "DATE",
    "flags": "BIGINT",
}
TEXT_ROWS = 2_000_000

TEXT_SQL = f"""
    select i as id, date '2024-01-01' + (i % 500)::int as day, 'city ' || (i % 97) as city,
           (i % 100003) / 8.0 as amount, 'device-' || (i % 10007) as device, i % 30011 as steps,
           (i % 1009) * 0.25 as score, 'a note of some words ' || i as note,
           date '2020-02-29' + (i % 900)::int as started, i % 16 as flags
    from range({TEXT_ROWS}) t(i)
"""


class Data:
    """Folders of data by what they are for."""

    def __init__(self, root, peers):
        self.root = root
        self.peers = peers

    def _made(self, name, make):
        """The folder `name`; made beside its place and moved there when it is whole."""
        folder = self.root / name
        if not folder.exists():
            print(f"making data: {name}", file=sys.stderr)
            half = self.root / f"{name}.half"
            shutil.rmtree(half, ignore_errors=True)
            half.mkdir(parents=True)
            make(half)
            half.rename(folder)
        return folder

    def _duckdb(self, sql):
        subprocess.run([str(self.peers.duckdb), "-c", sql], check=True, stdout=subprocess.DEVNULL)

    def _catalog(self, name, location, tables=None):
        """A catalog folder with one catalog `bench`; `tables` are table files of its schema."""

        def make(folder):
            (folder / "bench.toml").write_text(
                f'connector = "files"\n[options]\nlocation = "{location}"\n'
            )
            for table, text in (tables or {}).items():
                schema = folder / "bench" / "default"
                schema.mkdir(parents=True, exist_ok=True)
                (schema / f"{table}.toml").write_text(text)

        return self._made(name, make)

    @cached_property
    def empty_catalog(self):
        """A folder with one catalog and no table files."""
        return self._catalog("catalog-of-none", self.root)

    @cached_property
    def large_catalog(self):
        """A folder with one catalog and 1,000 table files."""
        text = 'description = "a table"\n\n[[columns]]\nname = "id"\ntype = "BIGINT"\n'
        tables = {f"t{number:04}": text for number in range(1000)}
        return self._catalog("catalog-of-1000", self.root, tables)

    @cached_property
    def views_catalog(self):
        """A folder with one catalog of 10,000 views."""

        def make(folder):
            schema = folder / "bench" / "default"
            schema.mkdir(parents=True)
            for number in range(10_000):
                (schema / f"v{number:05}.sql").write_text(f"SELECT {number} AS n{number}\n")

        return self._made("catalog-of-10000-views", make)

    @cached_property
    def tpch(self):
        """TPC-H at scale factor 1, a Parquet file a table, as tpchgen writes it."""

        def make(folder):
            argv = [str(self.peers.tpchgen), "parquet", "-s", "1", "--quiet", "--output-dir"]
            subprocess.run([*argv, str(folder)], check=True)

        return self._made("tpch-1", make)

    @cached_property
    def tpch_catalog(self):
        """Its catalog."""
        return self._catalog("catalog-of-tpch", self.tpch)

    def tpch_tables(self):
        """The tables as the peers open them."""
        return {t: {"path": f"{self.tpch}/{t}.parquet", "format": "parquet"} for t in TPCH}

    @cached_property
    def big(self):
        """10 million rows of 5 columns in one Parquet file."""

        def make(folder):
            sql = """
                select i as id, (i * 7919) % 1000003 as amount, (i % 65536) / 16.0 as score,
                       'city ' || (i % 97) as city,
                       timestamp '2024-01-01' + to_seconds(i) as happened
                from range(10000000) t(i)
            """
            self._duckdb(f"copy ({sql}) to '{folder}/big.parquet' (format parquet)")

        return self._made("big", make)

    @cached_property
    def big_catalog(self):
        """Its catalog."""
        return self._catalog("catalog-of-big", self.big)

    @cached_property
    def folder(self):
        """A table of 1,000 small Parquet files of 1,000 rows."""

        def make(folder):
            # A folder of the location is a schema, a folder of a schema a table.
            files = folder / "raw" / "many"
            files.mkdir(parents=True)
            self._parquet_files(files, 1000)

        return self._made("folder", make)

    @cached_property
    def folder_catalog(self):
        """Its catalog."""
        return self._catalog("catalog-of-folder", self.folder)

    def _parquet_files(self, folder, count):
        # One statement a file in one process: COPY … PER_THREAD_OUTPUT would not say how many.
        copies = [
            f"copy (select i as id, 'city ' || (i % 97) as city, i * 0.5 as score"
            f" from range({n * 1000}, {n * 1000 + 1000}) t(i))"
            f" to '{folder}/part-{n:04}.parquet' (format parquet);"
            for n in range(count)
        ]
        subprocess.run(
            [str(self.peers.duckdb)],
            input="\n".join(copies),
            check=True,
            text=True,
            stdout=subprocess.DEVNULL,
        )

    @cached_property
    def partitions(self):
        """A table of 100,000 files in 1,000 folders, hard links to a few files."""

        def make(folder):
            sources = folder / "source"
            sources.mkdir()
            # A file system allows an inode some tens of thousands of names.
            self._parquet_files(sources, 10)
            names = sorted(sources.iterdir())
            for day in range(1000):
                partition = folder / "raw" / "events" / f"day={day:04}"
                partition.mkdir(parents=True)
                for number in range(100):
                    os.link(names[number % 10], partition / f"{number:03}.parquet")
            shutil.rmtree(sources)

        return self._made("partitions", make)

    @cached_property
    def partitions_catalog(self):
        """Its catalog."""
        return self._catalog("catalog-of-partitions", self.partitions)

    @cached_property
    def text(self):
        """The same two million clean records of ten columns as CSV and as JSON lines."""

        def make(folder):
            self._duckdb(f"copy ({TEXT_SQL}) to '{folder}/plain.csv' (header)")
            self._duckdb(f"copy ({TEXT_SQL}) to '{folder}/quoted.csv' (header, force_quote *)")
            self._duckdb(f"copy ({TEXT_SQL}) to '{folder}/lines.json' (format json)")

        return self._made("text", make)

    @cached_property
    def text_catalog(self):
        """Its catalog, with the columns declared."""
        columns = "".join(
            f'\n[[columns]]\nname = "{name}"\ntype = "{kind}"\n'
            for name, kind in TEXT_COLUMNS.items()
        )
        csv = f"[options]\nheader = true\n{columns}"
        tables = {"plain": csv, "quoted": csv, "lines": columns}
        return self._catalog("catalog-of-text", self.text, tables)

    def text_tables(self):
        """The tables as the peers open them."""
        files = {"plain": "csv", "quoted": "csv", "lines": "json"}
        return {
            name: {"path": f"{self.text}/{name}.{ending}", "format": ending, "columns": TEXT_COLUMNS}
            for name, ending in files.items()
        }
