-- Division and remainder. `/` of integers is an integer in Sluice; DuckDB spells that `//`.

-- differs: `/` of two integers is an integer, cut towards zero, as in PostgreSQL; DuckDB answers DOUBLE
-- sluice: 3
SELECT 7 / 2;
-- duckdb: SELECT 7 // 2, -7 // 2, 7 // -2, -7 // -2
SELECT 7 / 2, -7 / 2, 7 / -2, -7 / -2;
SELECT 7 % 2, -7 % 2, 7 % -2, -7 % -2;
-- duckdb: SELECT a // b FROM (VALUES (9, 3), (10, 3), (-10, 3), (NULL, 3), (3, NULL)) AS t(a, b)
SELECT a / b FROM (VALUES (9, 3), (10, 3), (-10, 3), (NULL, 3), (3, NULL)) AS t(a, b);
SELECT a % b FROM (VALUES (9, 4), (10, 4), (-10, 4), (NULL, 4), (3, NULL)) AS t(a, b);
SELECT CAST(7 AS DOUBLE) / 2 AS a, 7 / CAST(2 AS DOUBLE) AS b;
SELECT 7.0 / 2, 7 / 2.0;
SELECT a / CAST(b AS DOUBLE) FROM (VALUES (1, 2), (1, 3), (2, 3)) AS t(a, b) ORDER BY a, b;
-- duckdb: SELECT 7 // 2 * 2 + 7 % 2
SELECT 7 / 2 * 2 + 7 % 2;
-- differs: integer division by zero is an error; DuckDB answers infinity for `/`, NULL for `%`
-- sluice error: (?i)divi.*zero
SELECT a / 0 FROM (VALUES (1)) AS t(a);
-- differs: integer division by zero is an error; DuckDB answers infinity for `/`, NULL for `%`
-- sluice error: (?i)divi.*zero
SELECT a % b FROM (VALUES (1, 0)) AS t(a, b);
-- differs: integer division by zero is an error; DuckDB answers infinity for `/`, NULL for `%`
-- sluice error: (?i)divi.*zero
SELECT 1 / 0;
-- duckdb: SELECT CASE WHEN b = 0 THEN NULL ELSE a // b END FROM (VALUES (1, 0), (6, 2)) AS t(a, b)
SELECT CASE WHEN b = 0 THEN NULL ELSE a / b END FROM (VALUES (1, 0), (6, 2)) AS t(a, b);
-- duckdb: SELECT a // nullif(b, 0) FROM (VALUES (1, 0), (6, 2)) AS t(a, b)
SELECT a / nullif(b, 0) FROM (VALUES (1, 0), (6, 2)) AS t(a, b);
SELECT CAST(-1 AS DOUBLE) / 0;
SELECT avg(a) FROM (VALUES (1), (2)) AS t(a);
-- duckdb: SELECT sum(a) // count(a) FROM (VALUES (1), (2)) AS t(a)
SELECT sum(a) / count(a) FROM (VALUES (1), (2)) AS t(a);
-- duckdb: SELECT 100 * 1 // 3 AS a, 100 * (1 // 3) AS b
SELECT 100 * 1 / 3 AS a, 100 * (1 / 3) AS b;
-- duckdb: SELECT 100 * 1 // 3, 100 * (1 // 3)
SELECT 100 * 1 / 3, 100 * (1 / 3);
SELECT CAST(CAST(1.4 AS DOUBLE) AS INTEGER), CAST(CAST(-1.4 AS DOUBLE) AS INTEGER);
-- differs: a cast from floating point or decimal to an integer cuts towards zero; DuckDB rounds
-- sluice: 1 | 2 | -1
SELECT CAST(CAST(1.5 AS DOUBLE) AS INTEGER), CAST(CAST(2.5 AS DOUBLE) AS INTEGER), CAST(CAST(-1.6 AS DOUBLE) AS INTEGER);
-- differs: a cast from floating point or decimal to an integer cuts towards zero; DuckDB rounds
-- sluice: 12
SELECT CAST(CAST('12.75' AS DECIMAL(5, 2)) AS INTEGER);
SELECT round(CAST(2.5 AS DOUBLE)), round(CAST(-2.5 AS DOUBLE)), round(CAST(2.345 AS DOUBLE), 1);
SELECT trunc(CAST(2.7 AS DOUBLE)), trunc(CAST(-2.7 AS DOUBLE)), floor(CAST(-2.7 AS DOUBLE)), ceil(CAST(-2.7 AS DOUBLE));
SELECT 5 & 3, 5 | 3, 1 << 4, 16 >> 2;
-- duckdb: SELECT power(2, 10), sqrt(CAST(16 AS DOUBLE)), CAST(sign(CAST(-3 AS DOUBLE)) AS DOUBLE)
SELECT power(2, 10), sqrt(CAST(16 AS DOUBLE)), signum(CAST(-3 AS DOUBLE));
SELECT gcd(12, 18), lcm(4, 6);
-- differs: `^` is refused: it is exclusive or for MySQL and Spark; write `power(2, 3)` or `xor(2, 3)`
-- sluice error: power\(a, b\) or xor\(a, b\)|is a power
SELECT 2 ^ 3;
-- Nothing says that the left side of AND runs first: CASE does.
-- differs: integer division by zero is an error; DuckDB answers infinity for `/`, NULL for `%`
-- sluice error: (?i)divi.*zero
SELECT x FROM (VALUES (0), (3)) AS t(x) WHERE x <> 0 AND 10 % x = 1;
SELECT 1_000;

SELECT 1_000_000 + 1, 12_34 AS x;
