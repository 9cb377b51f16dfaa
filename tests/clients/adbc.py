"""What Python's ADBC driver and pyarrow do with a server, and what they must find.

Usage: adbc.py URI NARROW, of a server with the shipped catalog and a writable one, `made`, and of one
that runs one statement at once.
"""

import datetime
import decimal
import os
import signal
import subprocess
import sys
import threading
import traceback

import adbc_driver_flightsql
import adbc_driver_flightsql.dbapi as flight_sql
import adbc_driver_manager
import pyarrow as pa
import pyarrow.flight

URI, NARROW = sys.argv[1:]


def connect(uri=URI, **options):
    return flight_sql.connect(uri, db_kwargs=options, autocommit=True)


def rows(cursor, sql, parameters=None):
    cursor.execute(sql, parameters)
    return cursor.fetchall()


def fails(status, text, run):
    try:
        run()
    except adbc_driver_manager.Error as error:
        assert error.status_code == status, (error.status_code, str(error))
        assert text in str(error), str(error)
        return
    raise AssertionError(f"no error where `{text}` was expected")


Status = adbc_driver_manager.AdbcStatusCode


def statements_and_their_answers(connection):
    with connection.cursor() as cursor:
        assert rows(cursor, "SELECT 1 AS one, 'a' AS a") == [(1, "a")]
        assert [column[0] for column in cursor.description] == ["one", "a"]
        assert rows(cursor, "SELECT 1 AS n WHERE false") == []
        assert [column[0] for column in cursor.description] == ["n"]
        assert rows(cursor, "SELECT count(*) FROM lake.raw.users")[0][0] > 0
        assert rows(cursor, "SHOW CATALOGS")
        cursor.execute("SELECT value FROM generate_series(1, 1000000)")
        table = cursor.fetch_arrow_table()
        assert table.num_rows == 1_000_000
        assert sum(table.column(0).to_pylist()) == 500_000_500_000


def every_type_and_null(connection):
    types = {
        "TRUE": True,
        "CAST(7 AS TINYINT)": 7,
        "CAST(7 AS SMALLINT UNSIGNED)": 7,
        "7": 7,
        "CAST(1.5 AS REAL)": 1.5,
        "1.5e0": 1.5,
        "CAST('12.34' AS DECIMAL(10, 2))": decimal.Decimal("12.34"),
        "CAST('1' AS DECIMAL(50, 2))": "1.00",
        "'text'": "text",
        "arrow_cast('view', 'Utf8View')": "view",
        "arrow_cast('large', 'LargeUtf8')": "large",
        "arrow_cast('word', 'Dictionary(Int32, Utf8)')": "word",
        "X'00ff'": b"\x00\xff",
        "DATE '2026-09-01'": datetime.date(2026, 9, 1),
        "TIMESTAMP '2026-09-01 12:00:00'": datetime.datetime(2026, 9, 1, 12),
        "[1, 2, NULL]": [1, 2, None],
        "arrow_cast([1, 2], 'LargeList(Int64)')": [1, 2],
        "{a: 1, b: ['x']}": {"a": 1, "b": ["x"]},
        "MAP {'k': 1}": [("k", 1)],
        "NULL": None,
    }
    with connection.cursor() as cursor:
        for expression, expected in types.items():
            found = rows(cursor, f"SELECT {expression} AS v")[0][0]
            assert found == expected, (expression, found)
            assert rows(cursor, f"SELECT CASE WHEN false THEN {expression} END AS v") == [(None,)]
            # The same within others, beside a NULL of its type.
            inside = f"[{expression}, CASE WHEN false THEN {expression} END]"
            assert rows(cursor, f"SELECT {inside} AS v") == [([expected, None],)], expression
            found = rows(cursor, f"SELECT {{a: {expression}, l: {inside}}} AS v")
            assert found == [({"a": expected, "l": [expected, None]},)], (expression, found)
            if expression != "NULL":
                found = rows(cursor, f"SELECT MAP {{'k': {expression}}} AS v")
                assert found == [([("k", expected)],)], (expression, found)


def parameters_of_every_type(connection):
    values = [True, 7, 1.5, "text", b"\x00\xff", datetime.date(2026, 9, 1), None]
    values += [datetime.datetime(2026, 9, 1, 12, 30), decimal.Decimal("12.34")]
    with connection.cursor() as cursor:
        for value in values:
            assert rows(cursor, "SELECT ? AS v", (value,)) == [(value,)], value
        assert rows(cursor, "SELECT $2 - $1 AS v", (1, 10)) == [(9,)]
        eleven = ", ".join(f"${at} AS c{at}" for at in range(1, 12))
        assert rows(cursor, f"SELECT {eleven}", tuple(range(11))) == [tuple(range(11))]
        assert rows(cursor, "SELECT value FROM generate_series(1, 10) LIMIT ?", (3,))[-1] == (3,)
        assert rows(cursor, "SELECT 1 WHERE DATE '2026-09-01' = ?", (values[5],)) == [(1,)]
        fails(Status.INVALID_ARGUMENT, "cannot be mixed", lambda: rows(cursor, "SELECT ?, $1", (1, 2)))


def changes_take_effect_once(connection):
    with connection.cursor() as cursor:
        # No rows are fetched, so no stream is ever asked for.
        cursor.execute("CREATE TABLE once AS SELECT 1 AS n")
        fails(Status.INVALID_ARGUMENT, "exists", lambda: cursor.execute("CREATE TABLE once AS SELECT 1 AS n"))
        assert rows(cursor, "SELECT * FROM once") == [(1,)]
        cursor.execute("SET timezone = 'Asia/Shanghai'")
        assert rows(cursor, "SHOW timezone") == [("timezone", "Asia/Shanghai")]
        cursor.execute("USE lake.raw")
        assert rows(cursor, "SELECT count(*) FROM users")[0][0] > 0
    assert connection.adbc_current_catalog == "lake"
    assert connection.adbc_current_db_schema == "raw"
    with connect() as other, other.cursor() as cursor:
        fails(Status.INVALID_ARGUMENT, "once", lambda: cursor.execute("SELECT * FROM once"))
        other.adbc_current_catalog = "lake"
        other.adbc_current_db_schema = "raw"
        assert rows(cursor, "SELECT count(*) FROM users")[0][0] > 0


def prepared_statements_read_what_is_there_now(connection):
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE made.default.events AS SELECT 1 AS n")
        for expected in range(1, 4):
            assert rows(cursor, "SELECT count(*) FROM made.default.events WHERE n > ?", (0,)) == [
                (expected,)
            ]
            cursor.execute("INSERT INTO made.default.events VALUES (?)", (expected + 1,))
        def count_files():
            rows(cursor, "SELECT count(DISTINCT n) FROM made.default.events")
            shown = rows(cursor, "SHOW RECEIPT")
            return sum(amount for _, _, counter, amount, _ in shown if counter == "files")

        before = count_files()
        cursor.executemany("INSERT INTO made.default.events VALUES (?)", [(10,), (20,), (None,)])
        assert rows(cursor, "SELECT sum(n), count(*) FROM made.default.events") == [(40, 7)]
        # All rows are one statement, and so one file.
        assert count_files() == before + 1


def bulk_rows_are_taken(connection):
    count = 10_000_000 // 8
    table = pa.table({"n": pa.array(range(count), pa.int64()), "t": ["x" * 80] * count})
    assert table.nbytes > 100_000_000
    with connection.cursor() as cursor:
        # The driver sends a batch as one message, and takes 16 MiB for too large.
        created = cursor.adbc_ingest(
            "bulk", table.to_reader(65536), mode="create", catalog_name="made", db_schema_name="default"
        )
        assert created in (count, -1), created
        more = pa.table({"n": pa.array([-1], pa.int64()), "t": ["y"]})
        cursor.adbc_ingest("bulk", more, mode="append", catalog_name="made", db_schema_name="default")
        assert rows(cursor, "SELECT count(*), min(n) FROM made.default.bulk") == [(count + 1, -1)]
        fails(
            Status.INVALID_ARGUMENT,
            "exists already",
            lambda: cursor.adbc_ingest(
                "bulk", more, mode="create", catalog_name="made", db_schema_name="default"
            ),
        )
        cursor.adbc_ingest("mine", more, mode="create", temporary=True)
        assert rows(cursor, "SELECT * FROM mine") == [(-1, "y")]


def metadata(connection):
    objects = connection.adbc_get_objects(depth="all").read_all().to_pylist()
    names = {catalog["catalog_name"] for catalog in objects}
    assert {"lake", "session", "made"} <= names, names
    (lake,) = [catalog for catalog in objects if catalog["catalog_name"] == "lake"]
    tables = {
        (schema["db_schema_name"], table["table_name"]): table
        for schema in lake["catalog_db_schemas"]
        for table in schema["db_schema_tables"]
    }
    columns = [column["column_name"] for column in tables["raw", "users"]["table_columns"]]
    assert "user_id" in columns, columns
    some = connection.adbc_get_objects(
        depth="tables", catalog_filter="lake", table_name_filter="us_rs"
    )
    some = some.read_all().to_pylist()
    found = [t["table_name"] for s in some[0]["catalog_db_schemas"] for t in s["db_schema_tables"]]
    assert found == ["users"], found
    assert set(connection.adbc_get_table_types()) == {"TABLE", "VIEW"}
    info = connection.adbc_get_info()
    assert info["vendor_name"] == "Sluice", info
    schema = connection.adbc_get_table_schema("users", catalog_filter="lake", db_schema_filter="raw")
    assert "user_id" in schema.names
    with connection.cursor() as cursor:
        assert cursor.adbc_execute_schema("SELECT 1 AS n").names == ["n"]


def errors_say_what_the_prompt_says(connection):
    with connection.cursor() as cursor:
        fails(
            Status.INVALID_ARGUMENT,
            "column nmae does not exist",
            lambda: cursor.execute("SELECT nmae FROM (SELECT 1 AS name)"),
        )
        fails(Status.INVALID_ARGUMENT, "did you mean name?", lambda: cursor.execute("SELECT nmae FROM (SELECT 1 AS name)"))
        fails(Status.NOT_IMPLEMENTED, "no transactions", lambda: cursor.execute("BEGIN"))
        # An error in the midst of the rows.
        sql = "SELECT 1 / (value - 900000) FROM generate_series(1, 1000000)"
        fails(Status.INVALID_ARGUMENT, "division by zero", lambda: rows(cursor, sql))
        assert rows(cursor, "SELECT 1") == [(1,)]


def running(connection, marker):
    with connection.cursor() as cursor:
        sql = "SELECT query_id, state FROM system.runtime.queries WHERE sql LIKE ?"
        found = rows(cursor, sql, (f"%{marker}%",))
        return [query for query, state in found if state in ("planned", "running", "queued")]


def statements_end_with_who_asked(connection):
    # Long: a stream that nobody reads to its end.
    long = "SELECT value AS {} FROM generate_series(1, 100000000000)"
    with connect() as other:
        cursor = other.cursor()
        cursor.execute(long.format("left_alone"))
        cursor.fetchone()
        cursor.close()
        until(lambda: not running(connection, "left_alone"))
        cursor = other.cursor()
        cursor.execute(long.format("cancelled_by_call"))
        threading.Timer(0.2, cursor.adbc_cancel).start()
        try:
            while cursor.fetchone():
                pass
            raise AssertionError("not cancelled")
        except adbc_driver_manager.Error as error:
            assert error.status_code == Status.CANCELLED, error
        until(lambda: not running(connection, "cancelled_by_call"))
    code = (
        "import sys, adbc_driver_flightsql.dbapi as d\n"
        f"c = d.connect({URI!r}, autocommit=True).cursor()\n"
        f"c.execute({long.format('killed_with_its_process')!r})\n"
        "print(c.fetchone(), flush=True)\n"
        "sys.stdin.read()\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    child.stdout.readline()
    assert running(connection, "killed_with_its_process")
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    until(lambda: not running(connection, "killed_with_its_process"))


def killing_by_statement(connection):
    with connect() as other, other.cursor() as cursor:
        cursor.execute("SELECT value AS to_be_killed FROM generate_series(1, 100000000000)")
        cursor.fetchone()
        (query,) = running(connection, "AS to_be_killed FROM g")
        with connection.cursor() as killer:
            killer.execute(f"KILL '{query}'")
        try:
            while cursor.fetchone():
                pass
            raise AssertionError("not killed")
        except adbc_driver_manager.Error as error:
            assert "was ended by" in str(error), error


def until(condition):
    """Waits for what has to come; how long is not what is tested."""
    for _ in range(3000):
        if condition():
            return
        threading.Event().wait(0.01)
    raise AssertionError("did not come")


def two_statements_at_once(connection):
    first, second = connection.cursor(), connection.cursor()
    sql = "SELECT value FROM generate_series(1, 300000)"
    first.execute(sql)
    second.execute(sql)
    count = 0
    while (one := first.fetchone()) is not None:
        assert second.fetchone() == one
        count += 1
    assert count == 300_000


def who_waits_in_the_queue_is_answered(_):
    endless = "SELECT value FROM generate_series(1, 100000000000)"
    with connect(NARROW) as first, connect(NARROW) as second:
        runs = first.cursor()
        runs.execute(endless)
        runs.fetchone()
        with second.cursor() as cursor:
            # The time that a statement may take is also that of its waiting.
            cursor.execute("SET timeout = '300ms'")
            fails(Status.TIMEOUT, "did not end within", lambda: rows(cursor, "SELECT 1"))
            cursor.execute("RESET timeout")
            waiting = []
            thread = threading.Thread(target=lambda: waiting.extend(rows(cursor, "SELECT 1")))
            thread.start()
            runs.close()
            thread.join()
            assert waiting == [(1,)]


def a_client_that_is_killed_gives_its_turn_back(_):
    code = (
        "import sys, adbc_driver_flightsql.dbapi as d\n"
        f"c = d.connect({NARROW!r}, autocommit=True).cursor()\n"
        "c.execute('SELECT value FROM generate_series(1, 100000000000)')\n"
        "print(c.fetchone(), flush=True)\n"
        "sys.stdin.read()\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    child.stdout.readline()
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    # There is one turn, and it was the child's.
    with connect(NARROW) as connection, connection.cursor() as cursor:
        assert rows(cursor, "SELECT 1") == [(1,)]


def pyarrow_without_a_driver(_):
    client = pa.flight.FlightClient(URI)
    token = client.authenticate_basic_token("ada", "secret")
    options = pa.flight.FlightCallOptions(headers=[token])
    for garbage in (b"", b"garbage", b"\x0a\xff\xff\xff\xff\x0f"):
        try:
            client.do_get(pa.flight.Ticket(garbage), options).read_all()
            raise AssertionError("garbage was read")
        except pa.ArrowInvalid:
            pass
    actions = {action.type for action in client.list_actions(options)}
    assert {"CreatePreparedStatement", "CancelFlightInfo", "SetSessionOptions"} <= actions
    try:
        list(client.do_action(pa.flight.Action("Nonsense", b""), options))
        raise AssertionError("nonsense was done")
    except NotImplementedError as error:
        assert "Nonsense" in str(error)


if __name__ == "__main__":
    failed = []
    with connect() as connection:
        for test in [
            statements_and_their_answers,
            every_type_and_null,
            parameters_of_every_type,
            changes_take_effect_once,
            prepared_statements_read_what_is_there_now,
            bulk_rows_are_taken,
            metadata,
            errors_say_what_the_prompt_says,
            two_statements_at_once,
            statements_end_with_who_asked,
            killing_by_statement,
            who_waits_in_the_queue_is_answered,
            a_client_that_is_killed_gives_its_turn_back,
            pyarrow_without_a_driver,
        ]:
            try:
                test(connection)
                print(f"adbc {adbc_driver_flightsql.__version__}: {test.__name__} ok", flush=True)
            except Exception:
                traceback.print_exc()
                failed.append(test.__name__)
    if failed:
        sys.exit(f"adbc: failed: {', '.join(failed)}")
