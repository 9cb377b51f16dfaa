-- Aggregates over nothing, over NULLs only, and groups that are not there.

CREATE TABLE none AS SELECT * FROM (VALUES (1, 10, 'x')) AS t(k, v, s) WHERE k > 1;

SELECT count(*), count(v), sum(v), avg(v), min(v), max(v) FROM none;
SELECT k, count(*) FROM none GROUP BY k;
SELECT count(*) FROM none HAVING count(*) > 0;
SELECT count(*) FROM none HAVING count(*) = 0;
SELECT count(DISTINCT v), sum(DISTINCT v) FROM none;
SELECT string_agg(s, ',') FROM none;
SELECT array_agg(v) FROM none;
SELECT bool_and(v > 1), bool_or(v > 1) FROM none;
SELECT stddev(v), var_samp(v), median(v) FROM none;
SELECT sum(v) + 1 FROM none;
SELECT coalesce(sum(v), 0) FROM none;
SELECT 1 FROM none;
SELECT max(s), min(s) FROM none;
SELECT k, sum(v) OVER (PARTITION BY k) FROM none;
SELECT count(*), count(x), sum(x), avg(x), min(x) FROM (VALUES (CAST(NULL AS INTEGER)), (NULL)) AS t(x);
SELECT k, count(*), count(v), sum(v) FROM (VALUES (1, CAST(NULL AS INTEGER)), (1, 5), (2, NULL)) AS t(k, v) GROUP BY k;
-- NULL keys are one group.
SELECT k, count(*) FROM (VALUES (NULL, 1), (NULL, 2), (1, 3)) AS t(k, v) GROUP BY k;
SELECT a, b, count(*) FROM (VALUES (1, NULL), (1, NULL), (NULL, 1), (NULL, NULL)) AS t(a, b) GROUP BY a, b;
SELECT stddev(x), var_samp(x), stddev_pop(x), var_pop(x) FROM (VALUES (CAST(3 AS DOUBLE))) AS t(x);
SELECT count(*) FILTER (WHERE x > 10), sum(x) FILTER (WHERE x > 10) FROM (VALUES (1), (2)) AS t(x);
SELECT k, sum(v) FILTER (WHERE v > 5) FROM (VALUES (1, 3), (2, 7), (2, 9)) AS t(k, v) GROUP BY k;
SELECT DISTINCT v FROM none;
SELECT * FROM none UNION ALL SELECT * FROM none;
SELECT (SELECT v FROM none);
SELECT (SELECT count(*) FROM none);
SELECT EXISTS (SELECT 1 FROM none), NOT EXISTS (SELECT 1 FROM none);
SELECT v FROM none ORDER BY v LIMIT 1;
-- A group by nothing but constants.
-- differs: GROUP BY () is not supported: leave it away
-- sluice error: .
SELECT count(*) FROM none GROUP BY ();
SELECT 'total', count(*) FROM (VALUES (1), (2)) AS t(x) GROUP BY 1;
SELECT 'total', count(*) FROM none GROUP BY 1;
