-- Intervals: their three units, comparison, arithmetic.

SELECT INTERVAL '1 month', INTERVAL '1 day', INTERVAL '1 hour';
SELECT INTERVAL '1 year 2 months 3 days 4 hours 5 minutes 6.5 seconds';
SELECT INTERVAL '1' YEAR, INTERVAL '3' MONTH, INTERVAL '4' DAY, INTERVAL '5' HOUR, INTERVAL '6' MINUTE, INTERVAL '7' SECOND;
SELECT INTERVAL '-1 month', INTERVAL '-90 minutes';
SELECT INTERVAL '2 weeks';
SELECT INTERVAL '0 seconds';
SELECT INTERVAL '1 day' + INTERVAL '2 hours';
SELECT INTERVAL '1 month' - INTERVAL '1 day';
SELECT INTERVAL '1 hour' = INTERVAL '60 minutes';
SELECT INTERVAL '1 hour' < INTERVAL '61 minutes';
SELECT INTERVAL '25 hours';
SELECT -INTERVAL '1 day';
SELECT CAST(NULL AS INTERVAL);
SELECT DATE '2024-01-31' + INTERVAL '1 month' + INTERVAL '1 month' = TIMESTAMP '2024-03-29 00:00:00';
SELECT DATE '2024-01-31' + (INTERVAL '1 month' + INTERVAL '1 month') = TIMESTAMP '2024-03-31 00:00:00';
SELECT INTERVAL '1 day' * 2;
SELECT TIMESTAMP '2026-01-02 03:00:00' - TIMESTAMP '2026-01-01 00:00:00' = INTERVAL '27 hours';
SELECT TIMESTAMP '2026-01-01 00:00:01.5' - TIMESTAMP '2026-01-01 00:00:00';
-- differs: the difference of two timestamps is exact seconds, never days
-- sluice: 97200 seconds
SELECT TIMESTAMP '2026-01-02 03:00:00' - TIMESTAMP '2026-01-01 00:00:00';
SELECT max(i), min(i) FROM (VALUES (INTERVAL '1 day'), (INTERVAL '2 days'), (NULL)) AS t(i);
SELECT i FROM (VALUES (INTERVAL '3 days'), (INTERVAL '1 day'), (INTERVAL '2 days')) AS t(i) ORDER BY i;
SELECT i, count(*) FROM (VALUES (INTERVAL '1 day'), (INTERVAL '1 day'), (INTERVAL '2 days')) AS t(i) GROUP BY i;
SELECT extract(day FROM INTERVAL '3 days'), extract(month FROM INTERVAL '5 months'), extract(hour FROM INTERVAL '7 hours');
SELECT id FROM (VALUES (1, TIMESTAMP '2026-01-01 00:00:00'), (2, TIMESTAMP '2026-01-05 00:00:00')) AS t(id, ts) WHERE ts > TIMESTAMP '2026-01-04 00:00:00' - INTERVAL '1 day';
-- error: (?i)interval
SELECT INTERVAL '1 fortnightly';
-- A month counts 30 days and a day 24 hours when intervals are compared.
SELECT INTERVAL '1 month' = INTERVAL '30 days', INTERVAL '1 day' = INTERVAL '24 hours';
SELECT INTERVAL '1 month' < INTERVAL '40 days', INTERVAL '25 hours' > INTERVAL '1 day';
SELECT i FROM (VALUES (INTERVAL '1 month'), (INTERVAL '40 days'), (INTERVAL '1000 hours')) AS t(i) ORDER BY i;
SELECT INTERVAL '31 days' BETWEEN INTERVAL '1 month' AND INTERVAL '2 months', INTERVAL '24 hours' IN (INTERVAL '1 day', INTERVAL '2 days');
SELECT id FROM (VALUES (1, INTERVAL '1 day'), (2, INTERVAL '25 hours'), (3, CAST(NULL AS INTERVAL))) AS t(id, i) WHERE i > INTERVAL '1 day';
SELECT INTERVAL '1 day' IS DISTINCT FROM INTERVAL '24 hours', INTERVAL '1 day' <> INTERVAL '24 hours';
SELECT id FROM (VALUES (1, INTERVAL '2 days'), (2, INTERVAL '25 hours'), (3, CAST(NULL AS INTERVAL)), (4, INTERVAL '-1 month')) AS t(id, i) ORDER BY i DESC NULLS LAST LIMIT 3;
SELECT max(i) FROM (VALUES (INTERVAL '1 month'), (INTERVAL '40 days')) AS t(i);
