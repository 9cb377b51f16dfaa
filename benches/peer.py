"""Runs a statement inside DataFusion or DuckDB and prints the seconds of each run.

Reads one JSON object from standard input: engine, tables (name to path, and for text the columns),
sql, runs. Imports and the opening of tables are not timed, and the first run is thrown away: what
is compared is the engines, each warm, not the start of Python.
"""

import json
import sys
import time

ARROW = {"BIGINT": "int64", "DOUBLE": "float64", "VARCHAR": "string", "DATE": "date32"}


def datafusion(tables):
    """A function that runs a statement as DataFusion does out of the box."""
    import pyarrow
    from datafusion import SessionContext

    context = SessionContext()
    for name, table in tables.items():
        path = table["path"]
        if "store" in table:
            of_bucket(context, **table["store"])
        if table["format"] == "parquet":
            context.register_parquet(name, path)
            continue
        columns = table["columns"].items()
        schema = pyarrow.schema([(column, ARROW[kind]) for column, kind in columns])
        # A schema given, as Sluice's table file gives it: nobody guesses types.
        if table["format"] == "csv":
            context.register_csv(name, path, schema=schema)
        else:
            context.register_json(name, path, schema=schema)
    return lambda sql: context.sql(sql).collect()


def of_bucket(context, bucket, endpoint, key, secret):
    """Lets a context read a bucket."""
    from datafusion.object_store import AmazonS3

    store = AmazonS3(
        bucket_name=bucket,
        region="us-east-1",
        access_key_id=key,
        secret_access_key=secret,
        endpoint=endpoint,
        allow_http=True,
    )
    context.register_object_store("s3://", store, None)


def duckdb(tables):
    """A function that runs a statement as DuckDB does out of the box."""
    import duckdb

    connection = duckdb.connect()
    for name, table in tables.items():
        read = f"read_parquet('{table['path']}')"
        if table["format"] == "json":
            told = f"format = 'newline_delimited', columns = {table['columns']}"
            read = f"read_json('{table['path']}', {told})"
        connection.execute(f"create view {name} as from {read}")
    return lambda sql: connection.execute(sql).fetchall()


def main():
    job = json.load(sys.stdin)
    execute = {"datafusion": datafusion, "duckdb": duckdb}[job["engine"]](job["tables"])
    seconds = []
    for _ in range(job["runs"] + 1):
        start = time.perf_counter()
        execute(job["sql"])
        seconds.append(time.perf_counter() - start)
    json.dump({"seconds": seconds[1:]}, sys.stdout)


main()
