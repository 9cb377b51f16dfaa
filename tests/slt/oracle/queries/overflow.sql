-- Integer arithmetic that does not fit is an error, never a wrapped-around number.

-- The largest numbers themselves are fine.
SELECT CAST(127 AS TINYINT), CAST(32767 AS SMALLINT), CAST(2147483647 AS INTEGER), CAST(9223372036854775807 AS BIGINT);
SELECT CAST(9223372036854775806 AS BIGINT) + CAST(1 AS BIGINT);
SELECT CAST(-9223372036854775807 AS BIGINT) - CAST(1 AS BIGINT);
-- error: (?i)overflow
SELECT CAST(9223372036854775807 AS BIGINT) + CAST(1 AS BIGINT);
-- error: (?i)overflow
SELECT CAST(-9223372036854775807 AS BIGINT) - CAST(2 AS BIGINT);
-- error: (?i)overflow
SELECT CAST(9223372036854775807 AS BIGINT) * CAST(2 AS BIGINT);
-- error: (?i)overflow
SELECT CAST(2147483647 AS INTEGER) + CAST(1 AS INTEGER);
-- error: (?i)overflow
SELECT CAST(-2147483647 AS INTEGER) - CAST(2 AS INTEGER);
-- error: (?i)overflow
SELECT CAST(65536 AS INTEGER) * CAST(65536 AS INTEGER);
-- error: (?i)overflow
SELECT CAST(32767 AS SMALLINT) + CAST(1 AS SMALLINT);
-- error: (?i)overflow
SELECT CAST(127 AS TINYINT) + CAST(1 AS TINYINT);
-- error: (?i)overflow
SELECT x + x FROM (VALUES (CAST(9223372036854775807 AS BIGINT))) AS t(x);
-- error: (?i)overflow
SELECT x * x FROM (VALUES (CAST(3037000500 AS BIGINT))) AS t(x);
-- error: (?i)overflow
SELECT x - y FROM (VALUES (CAST(-9223372036854775807 AS BIGINT), CAST(10 AS BIGINT))) AS t(x, y);
-- error: (?i)overflow
SELECT -x FROM (SELECT CAST(-9223372036854775807 AS BIGINT) - CAST(1 AS BIGINT) AS x) AS t;
-- error: (?i)overflow
SELECT abs(x) FROM (SELECT CAST(-9223372036854775807 AS BIGINT) - CAST(1 AS BIGINT) AS x) AS t;
-- error: (?i)overflow|range
-- duckdb: SELECT x // y FROM (SELECT CAST(-9223372036854775807 AS BIGINT) - CAST(1 AS BIGINT) AS x, CAST(-1 AS BIGINT) AS y) AS t
SELECT x / y FROM (SELECT CAST(-9223372036854775807 AS BIGINT) - CAST(1 AS BIGINT) AS x, CAST(-1 AS BIGINT) AS y) AS t;
-- Only the bad row overflows: a filter before it saves the query.
SELECT x + 1 FROM (VALUES (CAST(1 AS BIGINT)), (CAST(9223372036854775807 AS BIGINT))) AS t(x) WHERE x < 10;
SELECT CASE WHEN x < 10 THEN x + 1 ELSE 0 END FROM (VALUES (CAST(1 AS BIGINT)), (CAST(9223372036854775807 AS BIGINT))) AS t(x);
-- error: (?i)overflow
SELECT x + 1 FROM (VALUES (CAST(1 AS BIGINT)), (CAST(9223372036854775807 AS BIGINT))) AS t(x);
-- error: (?i)overflow
SELECT count(*) FROM (VALUES (CAST(9223372036854775807 AS BIGINT), CAST(2 AS BIGINT))) AS t(x, id) WHERE x * id < 0;
SELECT x + NULL FROM (VALUES (CAST(9223372036854775807 AS BIGINT))) AS t(x);
-- differs: the sum of BIGINT is BIGINT and overflows with an error; DuckDB goes over to HUGEINT
-- sluice error: (?i)overflow
SELECT sum(x) FROM (VALUES (CAST(9223372036854775807 AS BIGINT)), (CAST(1 AS BIGINT))) AS t(x);
-- differs: the sum of BIGINT is BIGINT and overflows with an error; DuckDB goes over to HUGEINT
-- sluice error: (?i)overflow
SELECT k, sum(x) FROM (VALUES (1, CAST(9223372036854775807 AS BIGINT)), (1, CAST(1 AS BIGINT)), (2, CAST(5 AS BIGINT))) AS t(k, x) GROUP BY k;
-- differs: the sum of BIGINT is BIGINT and overflows with an error; DuckDB goes over to HUGEINT
-- sluice error: (?i)overflow
SELECT sum(x) OVER (ORDER BY id) FROM (VALUES (1, CAST(9223372036854775807 AS BIGINT)), (2, CAST(1 AS BIGINT))) AS t(id, x);
SELECT sum(x) FROM (VALUES (CAST(2147483647 AS INTEGER)), (CAST(2147483647 AS INTEGER))) AS t(x);
SELECT avg(x) FROM (VALUES (CAST(9223372036854775807 AS BIGINT)), (CAST(9223372036854775807 AS BIGINT))) AS t(x);
-- error: (?i)overflow|range|cast|convert
SELECT CAST(128 AS TINYINT);
-- error: (?i)overflow|range|cast|convert
SELECT CAST(2147483648 AS INTEGER);
-- error: (?i)overflow|range|cast|convert
SELECT CAST(x AS SMALLINT) FROM (VALUES (1), (40000)) AS t(x);
-- error: (?i)overflow|range|cast|convert
SELECT CAST(CAST(1e19 AS DOUBLE) AS BIGINT);
-- error: (?i)overflow|range|cast|convert
SELECT CAST('9223372036854775808' AS BIGINT);
SELECT CAST(NULL AS TINYINT);
-- Floating point goes to infinity instead.
SELECT CAST(1e308 AS DOUBLE) * CAST(10 AS DOUBLE);
-- error: (?i)overflow
-- duckdb: SELECT CAST(250 AS UTINYINT) + CAST(10 AS UTINYINT)
SELECT CAST(250 AS TINYINT UNSIGNED) + CAST(10 AS TINYINT UNSIGNED);
-- error: (?i)overflow|range
-- duckdb: SELECT CAST(1 AS UBIGINT) - CAST(2 AS UBIGINT)
SELECT CAST(1 AS BIGINT UNSIGNED) - CAST(2 AS BIGINT UNSIGNED);
-- error: (?i)overflow|range
-- duckdb: SELECT CAST(1 AS UINTEGER) - CAST(2 AS UINTEGER)
SELECT CAST(1 AS INTEGER UNSIGNED) - CAST(2 AS INTEGER UNSIGNED);
-- error: (?i)overflow
SELECT CAST(x AS DECIMAL(38, 0)) + CAST(x AS DECIMAL(38, 0)) FROM (VALUES ('99999999999999999999999999999999999999')) AS t(x);
-- error: (?i)overflow
SELECT sum(CAST(x AS DECIMAL(38, 0))) FROM (VALUES ('99999999999999999999999999999999999999'), ('99999999999999999999999999999999999999')) AS t(x);
-- error: (?i)overflow|range|shift
SELECT CAST(1 AS BIGINT) << CAST(64 AS BIGINT);
-- error: (?i)overflow|range|shift
SELECT CAST(1 AS BIGINT) << CAST(63 AS BIGINT);
-- error: (?i)overflow|range
SELECT factorial(40);
-- error: (?i)overflow|range
SELECT lcm(CAST(9223372036854775807 AS BIGINT), CAST(2 AS BIGINT));
-- error: (?i)overflow|too large|precision
SELECT CAST('99999999999999999999999999999999999999' AS DECIMAL(38, 0)) + 1;
-- differs: the sum of BIGINT is BIGINT and overflows with an error; DuckDB goes over to HUGEINT
-- sluice error: (?i)overflow
SELECT sum(DISTINCT x) FROM (VALUES (CAST(9223372036854775807 AS BIGINT)), (CAST(1 AS BIGINT))) AS t(x);
-- differs: the sum of BIGINT is BIGINT and overflows with an error; DuckDB goes over to HUGEINT
-- sluice error: (?i)overflow
SELECT sum(x) OVER (ORDER BY id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM (VALUES (1, CAST(9223372036854775807 AS BIGINT)), (2, CAST(1 AS BIGINT)), (3, CAST(1 AS BIGINT))) AS t(id, x);
-- error: (?i)overflow
SELECT k, sum(CAST(x AS DECIMAL(38, 0))) FROM (VALUES (1, '99999999999999999999999999999999999999'), (1, '99999999999999999999999999999999999999')) AS t(k, x) GROUP BY k;
-- error: (?i)overflow
SELECT sum(CAST(x AS DECIMAL(38, 0))) OVER () FROM (VALUES ('99999999999999999999999999999999999999'), ('99999999999999999999999999999999999999')) AS t(x);
-- error: (?i)overflow|range
SELECT DATE '2026-01-01' + INTERVAL '999999999 months';

-- Constants meet only after the optimiser has merged the two levels.
-- error: (?i)overflow
SELECT x + CAST(1 AS BIGINT) FROM (SELECT CAST(9223372036854775807 AS BIGINT) AS x) AS t;

-- error: (?i)overflow
SELECT x * y FROM (VALUES (CAST(-9223372036854775807 AS BIGINT) - 1, CAST(-1 AS BIGINT))) AS t(x, y);

-- differs: the remainder by -1 is 0 for every number, as in PostgreSQL; DuckDB divides first, which overflows
-- sluice: 0
SELECT x % y FROM (SELECT CAST(-9223372036854775807 AS BIGINT) - CAST(1 AS BIGINT) AS x, CAST(-1 AS BIGINT) AS y) AS t;

SELECT CAST(1 AS BIGINT) << CAST(62 AS BIGINT), CAST(0 AS BIGINT) << CAST(70 AS BIGINT), CAST(5 AS BIGINT) >> CAST(1 AS BIGINT), CAST(1 AS BIGINT) >> CAST(64 AS BIGINT);

-- differs: the sum of BIGINT is BIGINT and overflows with an error; DuckDB goes over to HUGEINT
-- sluice error: (?i)overflow
-- duckdb: SELECT sum(x) FROM (VALUES (CAST(18446744073709551615 AS UBIGINT)), (CAST(1 AS UBIGINT))) AS t(x)
SELECT sum(x) FROM (VALUES (CAST(18446744073709551615 AS BIGINT UNSIGNED)), (CAST(1 AS BIGINT UNSIGNED))) AS t(x);

-- Only what is in the frame counts: these frames hold two rows at most.
SELECT sum(x) OVER (ORDER BY id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM (VALUES (1, CAST(9223372036854775806 AS BIGINT)), (2, CAST(1 AS BIGINT)), (3, CAST(9223372036854775806 AS BIGINT))) AS t(id, x) ORDER BY id;

SELECT sum(x) FILTER (WHERE x < 10), sum(x) FILTER (WHERE x IS NULL) FROM (VALUES (1), (NULL), (2), (100)) AS t(x);

-- error: (?i)overflow
SELECT CAST(-128 AS TINYINT) - CAST(1 AS TINYINT);

-- differs: the sum of BIGINT is BIGINT and overflows with an error; DuckDB goes over to HUGEINT
-- sluice error: (?i)overflow
SELECT sum(x + 1) FROM (VALUES (CAST(9223372036854775807 AS BIGINT))) AS t(x);
