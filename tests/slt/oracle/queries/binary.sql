-- Bytes.

SELECT CAST('abc' AS BYTEA);
SELECT CAST('' AS BYTEA);
-- duckdb: SELECT '\x00\xff'::BLOB
SELECT X'00ff';
-- duckdb: SELECT octet_length('\x00\xff'::BLOB)
-- differs: `octet_length` takes text only
-- sluice error: (?i)octet_length
SELECT octet_length(X'00ff');
-- duckdb: SELECT '\x01'::BLOB < '\xff'::BLOB, '\x01'::BLOB = '\x01'::BLOB
SELECT X'01' < X'ff', X'01' = X'01';
-- duckdb: SELECT x FROM (VALUES ('\xff'::BLOB), ('\x00'::BLOB), ('\x7f'::BLOB)) AS t(x) ORDER BY x
SELECT x FROM (VALUES (X'ff'), (X'00'), (X'7f')) AS t(x) ORDER BY x;
-- duckdb: SELECT count(DISTINCT x) FROM (VALUES ('\xff'::BLOB), ('\xff'::BLOB), (NULL)) AS t(x)
SELECT count(DISTINCT x) FROM (VALUES (X'ff'), (X'ff'), (NULL)) AS t(x);
-- duckdb: SELECT base64('abc'::BLOB)
SELECT encode(CAST('abc' AS BYTEA), 'base64');
