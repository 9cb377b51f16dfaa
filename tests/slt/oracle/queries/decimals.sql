-- Decimals: exact digits, the scale of results, rounding.

CREATE TABLE d AS SELECT id, CAST(x AS DECIMAL(10, 2)) AS x FROM (VALUES (1, '1.10'), (2, '2.25'), (3, NULL), (4, '-0.05'), (5, '99999999.99')) AS t(id, x);

SELECT x FROM d ORDER BY id;
SELECT x + x FROM d ORDER BY id;
SELECT x - 1.00::DECIMAL(3, 2) FROM d ORDER BY id;
SELECT x * CAST('3' AS DECIMAL(1, 0)) FROM d WHERE id < 3 ORDER BY id;
SELECT CAST('1.10' AS DECIMAL(4, 2)) * CAST('2.345' AS DECIMAL(5, 3));
SELECT -x FROM d WHERE id IN (1, 4) ORDER BY id;
SELECT abs(x) FROM d WHERE id = 4;
SELECT sum(x) FROM d;
SELECT max(x), min(x), count(x) FROM d;
-- differs: the average and the quotient of decimals are decimals, exact to four more digits; DuckDB goes over to floating point
-- sluice: 1.675000
SELECT avg(x) FROM d WHERE id IN (1, 2);
SELECT CAST(avg(x) AS DOUBLE) FROM d WHERE id IN (1, 2);
-- differs: the average and the quotient of decimals are decimals, exact to four more digits; DuckDB goes over to floating point
-- sluice: 0.333333
SELECT CAST('1.00' AS DECIMAL(5, 2)) / CAST('3.00' AS DECIMAL(5, 2));
SELECT id FROM d WHERE x = 2.25;
SELECT id FROM d WHERE x > 1 ORDER BY id;
SELECT id FROM d WHERE x BETWEEN -1 AND 1.1 ORDER BY id;
SELECT id FROM d WHERE x IN (1.1, 2.25) ORDER BY id;
SELECT CAST('1.005' AS DECIMAL(10, 2)), CAST('1.015' AS DECIMAL(10, 2)), CAST('-1.005' AS DECIMAL(10, 2));
SELECT CAST('2.5' AS DECIMAL(10, 0)), CAST('3.5' AS DECIMAL(10, 0)), CAST('-2.5' AS DECIMAL(10, 0));
SELECT CAST(CAST('2.345' AS DECIMAL(5, 3)) AS DECIMAL(5, 2));
SELECT CAST(CAST('-2.345' AS DECIMAL(5, 3)) AS DECIMAL(5, 2));
-- error: (?i)too large|range|cast|precision
SELECT CAST('1000' AS DECIMAL(4, 2));
-- error: 12x
SELECT CAST('12x' AS DECIMAL(10, 2));
SELECT CAST(CAST('12.50' AS DECIMAL(10, 2)) AS VARCHAR);
SELECT CAST(7 AS DECIMAL(5, 2)), CAST(CAST(0.1 AS DOUBLE) AS DECIMAL(5, 2));
SELECT CAST(CAST('12.34' AS DECIMAL(10, 2)) AS DOUBLE);
SELECT CAST(CAST('12.00' AS DECIMAL(10, 2)) AS BIGINT);
SELECT CAST('12345678901234567890123456789012345678' AS DECIMAL(38, 0));
SELECT CAST('0.12345678901234567890123456789012345678' AS DECIMAL(38, 38));
SELECT CAST('12345678901234567890.12' AS DECIMAL(38, 2)) + CAST('0.01' AS DECIMAL(38, 2));
SELECT CAST('0.00' AS DECIMAL(5, 2)) = CAST('-0.00' AS DECIMAL(5, 2));
SELECT x, count(*) FROM (VALUES (CAST('1.10' AS DECIMAL(5, 2))), (CAST('1.1' AS DECIMAL(5, 2)))) AS t(x) GROUP BY x;
-- Different scales compare by value.
SELECT CAST('1.10' AS DECIMAL(5, 2)) = CAST('1.1000' AS DECIMAL(8, 4));
SELECT count(DISTINCT x) FROM d;
SELECT x FROM d ORDER BY x DESC NULLS LAST;
SELECT sum(x) FROM d WHERE id > 100;
SELECT round(CAST('2.345' AS DECIMAL(5, 3)), 2), round(CAST('-2.345' AS DECIMAL(5, 3)), 2);
SELECT CAST(floor(CAST('2.5' AS DECIMAL(5, 1))) AS INTEGER), CAST(ceil(CAST('2.5' AS DECIMAL(5, 1))) AS INTEGER);
SELECT CAST('5.5' AS DECIMAL(5, 1)) % CAST('2.0' AS DECIMAL(5, 1));
SELECT coalesce(x, 0) FROM d WHERE id IN (1, 3) ORDER BY id;
SELECT CASE WHEN id = 1 THEN x ELSE CAST('7.5' AS DECIMAL(10, 2)) END FROM d WHERE id < 3 ORDER BY id;
-- A literal with a point is floating point here and a decimal in DuckDB.
-- differs: a literal with a point is DOUBLE; in DuckDB it is DECIMAL
-- sluice: 0.30000000000000004
SELECT 0.1 + 0.2;
-- differs: a literal with a point is DOUBLE; in DuckDB it is DECIMAL
-- sluice: false
SELECT 0.1 + 0.2 = 0.3;
SELECT CAST('9.99' AS DECIMAL(3, 2)) + CAST('0.01' AS DECIMAL(3, 2));
SELECT round(CAST('9.99' AS DECIMAL(3, 2)), 1);
-- error: (?i)too large|range|cast|precision
SELECT CAST(12345 AS DECIMAL(5, 2));
-- error: (?i)too large|range|cast|precision
SELECT CAST(CAST('9.99' AS DECIMAL(3, 2)) AS DECIMAL(2, 1));
SELECT x FROM (VALUES (CAST('1.10' AS DECIMAL(5, 2)))) AS t(x) WHERE x > 1.099999;
SELECT x FROM (VALUES (CAST('1.10' AS DECIMAL(5, 2)))) AS t(x) WHERE x = 1.101;
SELECT x FROM (VALUES (CAST('1.10' AS DECIMAL(5, 2)))) AS t(x) WHERE x < 100000;
-- differs: division by zero is an error for decimals too; DuckDB goes over to floating point
-- sluice error: (?i)divi.*zero
SELECT CAST('1.00' AS DECIMAL(5, 2)) / CAST('0.00' AS DECIMAL(5, 2));
