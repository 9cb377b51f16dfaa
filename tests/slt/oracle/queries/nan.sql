-- NaN, infinities and minus zero: how they compare, sort, group and aggregate.

CREATE TABLE f AS SELECT id, CAST(x AS DOUBLE) AS x FROM (VALUES (1, 'NaN'), (2, '1.5'), (3, '-inf'), (4, NULL), (5, 'inf'), (6, '-0.0'), (7, '0.0')) AS t(id, x);

SELECT id FROM f ORDER BY x DESC NULLS LAST, id;
-- NaN is equal to itself and greater than everything, also than infinity.
SELECT id FROM f WHERE id < 7 ORDER BY x DESC NULLS LAST, id;
SELECT id FROM f WHERE x = CAST('NaN' AS DOUBLE);
SELECT id FROM f WHERE x > CAST('inf' AS DOUBLE);
SELECT id FROM f WHERE x <> x;
SELECT id FROM f WHERE x = 0 ORDER BY id;
SELECT id FROM f WHERE x < 0 ORDER BY id;
SELECT id FROM f WHERE x >= 0 ORDER BY id;
SELECT id FROM f WHERE x IN (0.0) ORDER BY id;
SELECT max(x), min(x), count(x) FROM f;
SELECT max(x) FROM f WHERE id IN (2, 5);
SELECT sum(x) FROM f WHERE id IN (1, 2);
SELECT sum(x) FROM f WHERE id IN (5, 2);
SELECT sum(x) FROM f WHERE id IN (6, 4);
SELECT avg(x) FROM f WHERE id IN (2, 7);
SELECT x, count(*) FROM (VALUES (CAST('NaN' AS DOUBLE)), (CAST('NaN' AS DOUBLE)), (1.0)) AS t(x) GROUP BY x;
-- Both zeros are one group.
SELECT count(*) AS n FROM f WHERE id IN (6, 7) GROUP BY x;
SELECT count(DISTINCT x) FROM f;
SELECT count(*) FROM (SELECT DISTINCT x FROM f WHERE id IN (6, 7)) AS d;
-- A join finds minus zero by zero, and NaN by NaN.
SELECT a.id, b.id FROM f AS a JOIN f AS b ON a.x = b.x WHERE a.id IN (1, 6) ORDER BY a.id, b.id;
SELECT CAST('NaN' AS DOUBLE) = CAST('NaN' AS DOUBLE);
SELECT CAST('NaN' AS DOUBLE) IS NOT DISTINCT FROM CAST('NaN' AS DOUBLE);
SELECT CAST('NaN' AS DOUBLE) BETWEEN 0 AND 1;
SELECT CAST('-0.0' AS DOUBLE) = CAST('0.0' AS DOUBLE), CAST('-0.0' AS DOUBLE);
SELECT abs(CAST('-0.0' AS DOUBLE)), abs(CAST('-inf' AS DOUBLE));
SELECT isnan(x) FROM f WHERE id IN (1, 2, 4) ORDER BY id;
SELECT CAST('inf' AS DOUBLE) - CAST('inf' AS DOUBLE);
SELECT CAST(1 AS DOUBLE) / CAST(0 AS DOUBLE), CAST(-1 AS DOUBLE) / CAST(0 AS DOUBLE);
SELECT isnan(CAST(0 AS DOUBLE) / CAST(0 AS DOUBLE));
-- error: (?i)out of range|cast|convert
SELECT CAST(CAST('NaN' AS DOUBLE) AS INTEGER);
-- error: (?i)out of range|cast|convert
SELECT CAST(CAST('inf' AS DOUBLE) AS BIGINT);
SELECT CAST('NaN' AS DOUBLE), CAST('Infinity' AS DOUBLE), CAST('-Infinity' AS DOUBLE);
SELECT greatest(CAST('NaN' AS DOUBLE), CAST(1 AS DOUBLE)), least(CAST('NaN' AS DOUBLE), CAST(1 AS DOUBLE));
SELECT id, rank() OVER (ORDER BY x NULLS LAST) AS r FROM f ORDER BY id;
SELECT CAST('NaN' AS REAL), CAST('0.1' AS REAL), CAST('1e10' AS REAL);
-- error: (?i)square root|negative|range
SELECT sqrt(CAST(-1 AS DOUBLE));
-- differs: the logarithm of zero is minus infinity; DuckDB refuses
-- sluice: -inf
SELECT ln(CAST(0 AS DOUBLE));
SELECT 0.1::DOUBLE + 0.2::DOUBLE;
SELECT 1e15::DOUBLE, 1e16::DOUBLE, 1e22::DOUBLE, 123456789012345680.0::DOUBLE, 1e-5::DOUBLE, 0.0001::DOUBLE;
SELECT 1.7976931348623157e308::DOUBLE, 5e-324::DOUBLE;
-- A NaN that was computed is the same as one that was written.
SELECT x / x = CAST('NaN' AS DOUBLE), x / x > CAST('inf' AS DOUBLE) FROM (VALUES (CAST(0 AS DOUBLE))) AS t(x);
SELECT x / x AS r FROM (VALUES (CAST(0 AS DOUBLE)), (CAST(1 AS DOUBLE))) AS t(x) ORDER BY r;
SELECT max(x / x) FROM (VALUES (CAST(0 AS DOUBLE)), (CAST(1 AS DOUBLE))) AS t(x);
SELECT r, count(*) FROM (SELECT x / x AS r FROM (VALUES (CAST(0 AS DOUBLE))) AS t(x) UNION ALL SELECT CAST('NaN' AS DOUBLE)) AS u GROUP BY r;
SELECT x FROM (VALUES (CAST('NaN' AS DOUBLE)), (CAST('-NaN' AS DOUBLE))) AS t(x) WHERE x > 0;
SELECT isnan(x / x) FROM (VALUES (CAST(0 AS DOUBLE)), (CAST(1 AS DOUBLE))) AS t(x) ORDER BY x;
