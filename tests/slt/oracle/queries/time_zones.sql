-- Instants and zones. The session's zone is UTC; instants are shown in UTC.

SELECT TIMESTAMPTZ '2026-01-31 08:00:00+08:00';
SELECT TIMESTAMPTZ '2026-01-31 08:00:00Z';
SELECT TIMESTAMPTZ '2026-01-31 08:00:00';
SELECT CAST('2026-01-31 08:00:00-05:30' AS TIMESTAMPTZ);
SELECT TIMESTAMPTZ '2026-01-31 08:00:00+08:00' = TIMESTAMPTZ '2026-01-31 00:00:00+00:00';
SELECT TIMESTAMPTZ '2026-01-31 08:00:00+08:00' < TIMESTAMPTZ '2026-01-31 00:00:00.000001+00:00';
SELECT TIMESTAMPTZ '2026-01-31 08:00:00+08:00' + INTERVAL '1 day';
-- differs: datafusion AT TIME ZONE of an instant gives the wall clock there, a TIMESTAMP; DataFusion only changes the zone it is shown in
SELECT TIMESTAMPTZ '2026-01-31 12:00:00+08:00' AT TIME ZONE 'Asia/Shanghai';
SELECT TIMESTAMP '2026-01-31 12:00:00' AT TIME ZONE 'Asia/Shanghai';
SELECT TIMESTAMP '2026-07-01 12:00:00' AT TIME ZONE 'America/New_York';
SELECT TIMESTAMP '2026-01-01 12:00:00' AT TIME ZONE 'America/New_York';
-- The hour that does not exist in spring, and the one that exists twice in autumn.
SELECT TIMESTAMP '2026-03-08 03:30:00' AT TIME ZONE 'America/New_York';
SELECT TIMESTAMP '2026-11-01 00:30:00' AT TIME ZONE 'America/New_York';
-- differs: a wall clock time that does not exist in its zone, or exists twice, is an error; DuckDB takes one of the two offsets
-- sluice error: (?i)time ?zone
SELECT TIMESTAMP '2026-03-08 02:30:00' AT TIME ZONE 'America/New_York';
-- differs: a wall clock time that does not exist in its zone, or exists twice, is an error; DuckDB takes one of the two offsets
-- sluice error: (?i)time ?zone
SELECT TIMESTAMP '2026-11-01 01:30:00' AT TIME ZONE 'America/New_York';
SELECT CAST(TIMESTAMPTZ '2026-01-31 08:00:00+08:00' AS TIMESTAMP);
SELECT CAST(TIMESTAMP '2026-01-31 08:00:00' AS TIMESTAMPTZ);
SELECT CAST(TIMESTAMPTZ '2026-01-31 01:00:00+08:00' AS DATE);
SELECT date_trunc('day', TIMESTAMPTZ '2026-01-31 01:00:00+08:00');
SELECT extract(hour FROM TIMESTAMPTZ '2026-01-31 01:00:00+08:00');
SELECT min(x), max(x) FROM (VALUES (TIMESTAMPTZ '2026-01-31 08:00:00+08:00'), (TIMESTAMPTZ '2026-01-31 01:00:00+00:00')) AS t(x);
SELECT x, count(*) FROM (VALUES (TIMESTAMPTZ '2026-01-31 08:00:00+08:00'), (TIMESTAMPTZ '2026-01-31 00:00:00+00:00')) AS t(x) GROUP BY x;
SELECT x FROM (VALUES (1, TIMESTAMPTZ '2026-01-31 09:00:00+08:00'), (2, TIMESTAMPTZ '2026-01-31 00:30:00+00:00')) AS t(id, x) ORDER BY x;
SELECT TIMESTAMPTZ '2026-01-31 08:00:00+00:00' = TIMESTAMP '2026-01-31 08:00:00';
SELECT TIMESTAMPTZ '2026-01-31 08:00:00+08:00' - TIMESTAMPTZ '2026-01-30 23:00:00+00:00' = INTERVAL '1 hour';
-- differs: datafusion AT TIME ZONE of an instant gives the wall clock there, a TIMESTAMP; DataFusion only changes the zone it is shown in
SELECT (TIMESTAMP '2026-01-31 12:00:00' AT TIME ZONE 'UTC') AT TIME ZONE 'Asia/Kolkata';
-- error: Mars/Olympus
SELECT TIMESTAMP '2026-01-31 12:00:00' AT TIME ZONE 'Mars/Olympus';
SELECT CAST(NULL AS TIMESTAMPTZ);
-- What at_time_zone of an instant would give, spelled as a function.
-- duckdb: SELECT TIMESTAMPTZ '2026-01-31 12:00:00+08:00' AT TIME ZONE 'Asia/Kolkata'
SELECT to_local_time(TIMESTAMPTZ '2026-01-31 12:00:00+08:00' AT TIME ZONE 'Asia/Kolkata');
