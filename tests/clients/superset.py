"""What Superset's dialect does with a server: SQLAlchemy over flightsql-dbapi.

Usage: superset.py HOST:PORT
"""

import sys

import flightsql.sqlalchemy  # noqa: F401  registers the dialect
from flightsql import FlightSQLClient, connect
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.dialects import registry

HOST, PORT = sys.argv[1].rsplit(":", 1)

client = FlightSQLClient(host=HOST, port=int(PORT), insecure=True, user="ada", password="secret")
cursor = connect(client).cursor()
cursor.execute("SELECT 1 AS one, 'a' AS a")
assert [tuple(row) for row in cursor.fetchall()] == [(1, "a")]
print("flightsql-dbapi: a query ok", flush=True)

registry.register("datafusion.flightsql", "flightsql.sqlalchemy", "DataFusionDialect")
engine = create_engine(
    f"datafusion+flightsql://ada:secret@{HOST}:{PORT}?insecure=True&catalog=lake&schema=raw"
)
with engine.connect() as connection:
    users = connection.execute(text("SELECT count(*) FROM lake.raw.users")).scalar()
    assert users > 0
inspector = inspect(engine)
assert "raw" in inspector.get_schema_names(), inspector.get_schema_names()
assert "users" in inspector.get_table_names(schema="raw"), inspector.get_table_names(schema="raw")
columns = [column["name"] for column in inspector.get_columns("users", schema="raw")]
assert "user_id" in columns, columns
print("SQLAlchemy: queries and inspection ok", flush=True)
