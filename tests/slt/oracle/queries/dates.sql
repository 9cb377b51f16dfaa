-- Dates and timestamps: literals, arithmetic, truncation, parts.

CREATE TABLE e AS SELECT id, CAST(d AS DATE) AS d, CAST(t AS TIMESTAMP) AS t FROM (VALUES (1, '2026-01-31', '2026-01-31 08:00:00'), (2, '2024-02-29', '2024-02-29 23:59:59.999999'), (3, NULL, NULL), (4, '1969-12-31', '1969-12-31 23:59:59'), (5, '2000-01-01', '2000-01-01 00:00:00.5')) AS x(id, d, t);

SELECT d FROM e ORDER BY d NULLS FIRST;
SELECT t FROM e ORDER BY t NULLS LAST;
SELECT id FROM e WHERE d = DATE '2024-02-29';
SELECT id FROM e WHERE d < '2000-01-01' ORDER BY id;
SELECT id FROM e WHERE t >= TIMESTAMP '2024-02-29 23:59:59.999999' ORDER BY id;
SELECT id FROM e WHERE d BETWEEN DATE '2000-01-01' AND DATE '2024-12-31' ORDER BY id;
SELECT min(d), max(d), min(t), max(t) FROM e;
SELECT date_trunc('month', t) FROM e ORDER BY id;
SELECT date_trunc('year', t) FROM e ORDER BY id;
SELECT date_trunc('quarter', t) FROM e ORDER BY id;
-- Weeks begin on Monday.
SELECT date_trunc('week', t) FROM e ORDER BY id;
SELECT date_trunc('day', t) FROM e ORDER BY id;
SELECT date_trunc('hour', t) FROM e ORDER BY id;
SELECT date_trunc('minute', t) FROM e ORDER BY id;
SELECT date_trunc('second', t) FROM e ORDER BY id;
SELECT extract(year FROM d), extract(month FROM d), extract(day FROM d) FROM e ORDER BY id;
SELECT extract(hour FROM t), extract(minute FROM t) FROM e ORDER BY id;
SELECT extract(quarter FROM d), extract(doy FROM d), extract(dow FROM d) FROM e ORDER BY id;
SELECT extract(week FROM d) FROM e ORDER BY id;
SELECT extract(isodow FROM d) FROM e ORDER BY id;
SELECT date_part('year', t), date_part('month', t) FROM e ORDER BY id;
SELECT extract(epoch FROM TIMESTAMP '1970-01-02 00:00:00.5');
SELECT extract(second FROM t) FROM e WHERE id = 1;
SELECT DATE '2026-01-31' - DATE '2026-01-01';
SELECT DATE '2026-01-31' + INTERVAL '1 month' = TIMESTAMP '2026-02-28 00:00:00';
SELECT CAST(DATE '2026-01-31' + INTERVAL '1 month' AS DATE);
SELECT CAST(DATE '2024-02-29' + INTERVAL '1 year' AS DATE), CAST(DATE '2024-02-29' - INTERVAL '4 years' AS DATE);
SELECT CAST(DATE '2026-03-31' - INTERVAL '1 month' AS DATE);
SELECT CAST(DATE '2026-01-01' - INTERVAL '1 day' AS DATE);
SELECT TIMESTAMP '2026-01-31 08:00:00' + INTERVAL '1 day 2 hours';
SELECT TIMESTAMP '2026-01-31 08:00:00' - INTERVAL '90 minutes';
SELECT t + INTERVAL '1' MONTH FROM e ORDER BY id;
SELECT TIMESTAMP '2026-01-01 00:00:00' + INTERVAL '0.5 seconds';
SELECT CAST('2026-01-31' AS DATE), CAST('2026-01-31 08:00:00' AS TIMESTAMP), CAST('08:00:00.25' AS TIME);
SELECT CAST(TIMESTAMP '1969-12-31 23:59:59' AS DATE);
SELECT CAST(DATE '2026-01-31' AS TIMESTAMP);
SELECT CAST(DATE '2026-01-31' AS VARCHAR);
SELECT CAST(TIMESTAMP '2026-01-31 08:00:00' AS DATE) = DATE '2026-01-31';
SELECT DATE '2026-01-31' = TIMESTAMP '2026-01-31 00:00:00', DATE '2026-01-31' < TIMESTAMP '2026-01-31 00:00:01';
-- error: 2026-02-30
SELECT CAST('2026-02-30' AS DATE);
-- error: 2026-13-01
SELECT CAST('2026-13-01' AS DATE);
-- error: yesterday
SELECT CAST('yesterday at noon' AS TIMESTAMP);
SELECT CAST('2024-02-29T10:20:30' AS TIMESTAMP);
SELECT DATE '0001-01-01', DATE '9999-12-31';
SELECT count(*) FROM generate_series(TIMESTAMP '2026-01-01 00:00:00', TIMESTAMP '2026-01-02 00:00:00', INTERVAL '1 hour') AS g(x);
-- duckdb: SELECT make_date(2026, 1, 31)
SELECT make_date(2026, 1, 31);
SELECT d, count(*) FROM e GROUP BY d;
SELECT date_trunc('month', d) = DATE '2024-02-01' FROM e WHERE id = 2;
SELECT CASE WHEN d IS NULL THEN 'none' WHEN d < DATE '1970-01-01' THEN 'before' ELSE 'after' END FROM e ORDER BY id;
-- duckdb: SELECT time_bucket(INTERVAL '15 minutes', t) FROM e ORDER BY id
SELECT date_bin(INTERVAL '15 minutes', t, TIMESTAMP '2000-01-01 00:00:00') FROM e ORDER BY id;
-- duckdb: SELECT strftime(t, '%Y/%m/%d %H:%M') FROM e ORDER BY id
SELECT to_char(t, '%Y/%m/%d %H:%M') FROM e ORDER BY id;
-- duckdb: SELECT epoch(TIMESTAMP '2026-01-31 08:00:00')::BIGINT
SELECT to_unixtime(TIMESTAMP '2026-01-31 08:00:00');
SELECT current_date IS NOT NULL, now() IS NOT NULL, now() = now();
-- differs: a TIMESTAMP counts nanoseconds and lies between 1677-09-21 and 2262-04-11; outside it is an error
-- sluice error: (?i)overflow|range|cast
SELECT TIMESTAMP '1600-01-01 00:00:00';
-- differs: a TIMESTAMP counts nanoseconds and lies between 1677-09-21 and 2262-04-11; outside it is an error
-- sluice error: (?i)overflow|range|cast
SELECT CAST(DATE '9999-12-31' AS TIMESTAMP);
-- differs: a TIMESTAMP counts nanoseconds and lies between 1677-09-21 and 2262-04-11; outside it is an error
-- sluice error: (?i)overflow|range|cast
SELECT date_trunc('year', DATE '1500-05-05');
SELECT extract(year FROM DATE '1500-05-05'), DATE '1500-05-05' < DATE '1600-01-01';
SELECT extract(week FROM DATE '2027-01-01'), extract(isoyear FROM DATE '2027-01-01');
SELECT count(*) FROM e WHERE d > DATE '1970-01-01' AND t IS NOT NULL;
SELECT DATE '2026-01-01' + INTERVAL '25 hours' = TIMESTAMP '2026-01-02 01:00:00';
SELECT CAST(DATE '2026-01-01' - INTERVAL '1 second' AS TIMESTAMP);
-- differs: a DATE plus an INTERVAL of whole days is a DATE; DuckDB answers TIMESTAMP
-- sluice: 2024-02-29 | 2024-02-29
SELECT DATE '2024-01-31' + INTERVAL '1 month', DATE '2024-03-31' - INTERVAL '1 month';
-- Truncation goes back in time before 1970 too.
SELECT date_trunc('hour', TIMESTAMP '1969-12-31 23:30:00'), date_trunc('second', TIMESTAMP '1960-01-01 00:00:00.9');
SELECT date_trunc('millisecond', TIMESTAMP '1969-12-31 23:59:59.9999');
SELECT extract(second FROM TIMESTAMP '1969-12-31 23:59:59'), extract(hour FROM TIMESTAMP '1950-01-01 01:02:03');
SELECT CAST(TIMESTAMP '1969-12-31 23:59:59.5' AS TIME);
-- differs: the text of a TIMESTAMP has a T between date and time; DuckDB writes a space
-- sluice: 2026-01-31T08:00:00.123456
SELECT CAST(TIMESTAMP '2026-01-31 08:00:00.123456' AS VARCHAR);
-- differs: text with an offset that becomes a TIMESTAMP is taken to UTC; DuckDB ignores the offset
-- sluice: 2026-01-31 06:00:00
SELECT CAST('2026-01-31 08:00:00+02:00' AS TIMESTAMP);
-- differs: text becomes a DATE or TIMESTAMP only in ISO 8601 form with seconds, without blanks around it
-- sluice error: (?i)pars|cast
SELECT CAST('2026-01-31 08:00' AS TIMESTAMP);
-- differs: text becomes a DATE or TIMESTAMP only in ISO 8601 form with seconds, without blanks around it
-- sluice error: (?i)pars|cast
SELECT CAST(' 2026-01-31 ' AS DATE);
SELECT CAST('2026-01-31' AS TIMESTAMP);
-- A condition on a truncated or cast column answers as if it were computed.
SELECT x FROM (VALUES (TIMESTAMP '2026-01-31 10:00:00')) AS t(x) WHERE CAST(x AS DATE) = DATE '2026-01-31';
SELECT x FROM (VALUES (TIMESTAMP '2026-01-31 10:00:00')) AS t(x) WHERE CAST(x AS DATE) > DATE '2026-01-31';
SELECT x FROM (VALUES (TIMESTAMP '2026-01-31 10:00:00')) AS t(x) WHERE CAST(x AS DATE) <= DATE '2026-01-31';
SELECT x FROM (VALUES (TIMESTAMP '2026-01-31 10:00:00')) AS t(x) WHERE date_trunc('month', x) = DATE '2026-01-01';
SELECT x FROM (VALUES (TIMESTAMP '2026-01-31 10:00:00')) AS t(x) WHERE date_trunc('month', x) >= TIMESTAMP '2026-01-01 10:00:00';
SELECT x FROM (VALUES (TIMESTAMP '2026-01-31 10:00:00')) AS t(x) WHERE date_part('year', x) >= 2025 AND date_part('year', x) < 2027;
SELECT x FROM (VALUES (DATE '2026-01-31')) AS t(x) WHERE CAST(x AS TIMESTAMP) = TIMESTAMP '2026-01-31 10:00:00';

-- differs: TIMESTAMP counts nanoseconds and begins in 1677: a time of an earlier day is an error
-- sluice error: (?i)range
SELECT DATE '1500-05-05' + INTERVAL '1 hour' > TIMESTAMP '1700-01-01 00:00:00';
SELECT CAST(d + i AS TIMESTAMP), INTERVAL '90 minutes' + d FROM (VALUES (DATE '2026-01-01', INTERVAL '36 hours')) AS t(d, i);
SELECT count(*) FROM (VALUES (DATE '2026-01-01'), (DATE '2026-01-03')) AS t(d) WHERE d >= DATE '2026-01-02' - INTERVAL '1 hour';
-- error: (?i)date|type
SELECT x FROM (VALUES (1)) AS t(x) WHERE x < CURRENT_DATE;
