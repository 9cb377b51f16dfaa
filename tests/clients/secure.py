"""Who a server with users and TLS lets in, and who not: by ADBC and pyarrow.

Usage: secure.py ENCRYPTED ASKING CA.pem CLIENT.pem CLIENT.key TOKEN, of two servers, HOST:PORT each, that
know the user ada with the password secret and this token. The second asks for a certificate.
"""

import sys

import adbc_driver_flightsql.dbapi as flight_sql
import adbc_driver_manager
from adbc_driver_flightsql import DatabaseOptions

ENCRYPTED, ADDRESS, CA, CERTIFICATE, KEY, TOKEN = sys.argv[1:]
URI = f"grpc+tls://{ADDRESS}"
OPEN = f"grpc+tls://{ENCRYPTED}"


def text(path):
    with open(path) as file:
        return file.read()


KNOWN = {DatabaseOptions.TLS_ROOT_CERTS.value: text(CA)}
SHOWN = {
    DatabaseOptions.MTLS_CERT_CHAIN.value: text(CERTIFICATE),
    DatabaseOptions.MTLS_PRIVATE_KEY.value: text(KEY),
}
ADA = {"username": "ada", "password": "secret"}
BEARER = {DatabaseOptions.AUTHORIZATION_HEADER.value: f"Bearer {TOKEN}"}


def asked(uri=URI, **options):
    with flight_sql.connect(uri, db_kwargs=options, autocommit=True) as connection:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            return cursor.fetchall()


def refused(what, uri=URI, **options):
    try:
        asked(uri, **options)
    except adbc_driver_manager.Error as error:
        assert "secret" not in str(error) and TOKEN not in str(error), error
        return error
    raise AssertionError(f"let in: {what}")


assert asked(**KNOWN, **SHOWN, **ADA) == [(1,)]
assert asked(**KNOWN, **SHOWN, **BEARER) == [(1,)]
for _ in range(50):
    asked(**KNOWN, **SHOWN, **ADA)
unauthenticated = adbc_driver_manager.AdbcStatusCode.UNAUTHENTICATED
for what, login in [
    ("nobody", {}),
    ("a wrong password", {"username": "ada", "password": "Secret"}),
    ("an unknown user", {"username": "bob", "password": "secret"}),
    ("a wrong token", {DatabaseOptions.AUTHORIZATION_HEADER.value: "Bearer sluice-token-x"}),
]:
    error = refused(what, **KNOWN, **SHOWN, **login)
    assert error.status_code == unauthenticated, (what, error)
assert asked(OPEN, **KNOWN, **ADA) == [(1,)]
assert asked(OPEN, **KNOWN, **BEARER) == [(1,)]
refused("an unknown authority without a certificate", OPEN, **ADA)
refused("an unknown authority", **SHOWN, **ADA)
refused("no certificate", **KNOWN, **ADA)
refused("no TLS", f"grpc://{ADDRESS}", **ADA)
print("adbc: users, tokens, TLS and client certificates ok", flush=True)
