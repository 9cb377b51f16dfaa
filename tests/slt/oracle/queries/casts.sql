-- Casts: what converts, what fails, and TRY_CAST.

SELECT CAST('1' AS INTEGER), CAST('-1' AS BIGINT), CAST('1.5' AS DOUBLE), CAST('true' AS BOOLEAN), CAST('f' AS BOOLEAN);
SELECT '12'::INTEGER + 1, 1::VARCHAR || 'x';
SELECT CAST(1 AS BOOLEAN), CAST(0 AS BOOLEAN), CAST(true AS INTEGER);
SELECT CAST(NULL AS INTEGER) AS a, CAST(NULL AS VARCHAR) AS b, CAST(NULL AS DATE) AS c;
SELECT CAST(NULL AS INTEGER), CAST(NULL AS VARCHAR), CAST(NULL AS DATE);
SELECT CAST(1.0::DOUBLE AS VARCHAR), CAST(CAST(100000 AS BIGINT) AS VARCHAR), CAST(false AS VARCHAR);
SELECT CAST(1.5::DOUBLE AS VARCHAR), CAST(0.1::DOUBLE AS VARCHAR);
-- differs: exponents in the text of a floating point number have no plus sign
-- sluice: 1e20
SELECT CAST(1e20::DOUBLE AS VARCHAR);
SELECT CAST('1e3' AS DOUBLE), CAST('.5' AS DOUBLE), CAST('-0' AS INTEGER);
-- differs: text becomes an integer only if it is one; DuckDB reads a decimal number and rounds it
-- sluice error: (?i)cast|convert
SELECT CAST('1e3' AS INTEGER);
-- error: (?i)cast|convert
SELECT CAST('abc' AS INTEGER);
-- error: (?i)cast|convert
SELECT CAST('' AS INTEGER);
-- error: (?i)cast|convert
SELECT CAST('1.5x' AS DOUBLE);
-- differs: text becomes an integer only if it is one; DuckDB reads a decimal number and rounds it
-- sluice error: (?i)cast|convert
SELECT CAST('1.5' AS INTEGER);
-- error: (?i)cast|convert
SELECT CAST('maybe' AS BOOLEAN);
-- error: two
SELECT CAST(x AS INTEGER) FROM (VALUES ('1'), ('two'), ('3')) AS t(x);
-- error: 2026-1-x
SELECT CAST('2026-1-x' AS DATE);
-- error: (?i)cast|convert|range
-- duckdb: SELECT CAST(-1 AS UBIGINT)
SELECT CAST(-1 AS BIGINT UNSIGNED);
-- differs: a date casts to its days since 1970-01-01; DuckDB refuses
-- sluice: 20484
SELECT CAST(DATE '2026-01-31' AS INTEGER);
-- error: (?i)cast|convert|time
SELECT CAST('25:00:00' AS TIME);
SELECT TRY_CAST('abc' AS INTEGER), TRY_CAST('1' AS INTEGER), TRY_CAST('' AS DOUBLE), TRY_CAST('2026-02-30' AS DATE);
SELECT TRY_CAST(x AS INTEGER) FROM (VALUES ('1'), ('two'), (NULL)) AS t(x);
SELECT TRY_CAST(300 AS TINYINT), TRY_CAST('300' AS TINYINT);
SELECT TRY_CAST('yes' AS BOOLEAN), TRY_CAST('1' AS BOOLEAN), TRY_CAST('TRUE' AS BOOLEAN), TRY_CAST('maybe' AS BOOLEAN);
SELECT TRY_CAST('+5' AS INTEGER), TRY_CAST('1,000' AS INTEGER);
-- differs: text becomes an integer only if it is one; DuckDB reads underscores between digits
-- sluice: NULL
SELECT TRY_CAST('1_000' AS INTEGER);
SELECT CAST(CAST(16777217 AS BIGINT) AS REAL);
SELECT CAST(CAST(9007199254740993 AS BIGINT) AS DOUBLE);
SELECT CAST('abc' AS BYTEA);
SELECT CAST(x AS VARCHAR) FROM (VALUES (DATE '2026-01-31'), (NULL)) AS t(x);
SELECT CAST(TIMESTAMP '2026-01-31 08:00:00' AS TIME);
-- Text and numbers meet in a comparison as numbers.
SELECT 1 = '1', '2' > 10;
SELECT x FROM (VALUES (1), (2)) AS t(x) WHERE x = '2';
-- error: two
SELECT x FROM (VALUES (1), (2)) AS t(x) WHERE x = 'two';
SELECT 1 = 1.0, 1 < 1.5, CAST(1 AS SMALLINT) = CAST(1 AS BIGINT);
SELECT 1 + 1.5::DOUBLE, CAST(1 AS SMALLINT) + CAST(1 AS BIGINT), CAST(1 AS INTEGER) + CAST(0.5 AS DECIMAL(3, 1));
-- error: (?i)operator|type|convert
SELECT 'a' + 1;
-- error: (?i)sum
SELECT sum(x) FROM (VALUES ('a')) AS t(x);
-- error: (?i)date|type
SELECT 1 = DATE '1970-01-02';
-- A number is no date, wherever the two would be made one type.
-- error: (?i)date|type
SELECT CASE WHEN x = 1 THEN 1 ELSE DATE '2026-01-01' END FROM (VALUES (1)) AS t(x);
-- duckdb: SELECT x FROM (VALUES ('10'), ('9'), ('09')) AS t(x) WHERE CAST(x AS INTEGER) > 9
SELECT x FROM (VALUES ('10'), ('9'), ('09')) AS t(x) WHERE x > 9;
SELECT x FROM (VALUES ('10'), ('9'), ('09')) AS t(x) WHERE x = 9;
SELECT x FROM (VALUES ('10'), ('9'), ('09')) AS t(x) WHERE x IN (9);
-- duckdb: SELECT x FROM (VALUES ('10'), ('9'), ('09')) AS t(x) WHERE CAST(x AS INTEGER) BETWEEN 9 AND 11
SELECT x FROM (VALUES ('10'), ('9'), ('09')) AS t(x) WHERE x BETWEEN 9 AND 11;
-- error: nine
-- duckdb: SELECT x FROM (VALUES ('10'), ('nine')) AS t(x) WHERE CAST(x AS INTEGER) < 50
SELECT x FROM (VALUES ('10'), ('nine')) AS t(x) WHERE x < 50;
-- differs: an integer literal beyond BIGINT UNSIGNED is DOUBLE; DuckDB has HUGEINT
-- sluice: 1e+20
SELECT 99999999999999999999;
SELECT 9223372036854775807, -9223372036854775808;
-- A condition on a narrow column with a constant that does not fit it.
SELECT x FROM (VALUES (CAST(1 AS TINYINT)), (CAST(2 AS TINYINT))) AS t(x) WHERE x < 300;
SELECT x FROM (VALUES (CAST(1 AS TINYINT)), (CAST(2 AS TINYINT))) AS t(x) WHERE x = 300;
SELECT x FROM (VALUES (CAST(1 AS TINYINT)), (CAST(2 AS TINYINT))) AS t(x) WHERE x <> 300;
SELECT x FROM (VALUES (CAST(1 AS TINYINT)), (CAST(2 AS TINYINT))) AS t(x) WHERE x IN (1, 300);
SELECT x FROM (VALUES (CAST(1 AS INTEGER)), (CAST(2 AS INTEGER))) AS t(x) WHERE x BETWEEN -3000000000 AND 3000000000;
SELECT x FROM (VALUES (1), (2)) AS t(x) WHERE x > 1.5;
SELECT x FROM (VALUES (1), (2)) AS t(x) WHERE x IN (1.5, 2.0);
SELECT x FROM (VALUES ('012'), ('12')) AS t(x) WHERE CAST(x AS INTEGER) = 12;
SELECT x FROM (VALUES ('12'), ('ab')) AS t(x) WHERE TRY_CAST(x AS INTEGER) = 12;
SELECT t.x FROM (VALUES (1), (2)) AS t(x) JOIN (VALUES ('1'), ('3')) AS u(y) ON t.x = CAST(u.y AS INTEGER);
-- differs: a NULL inside a list has no text; DuckDB writes NULL
-- sluice: [1, , 2]
SELECT CAST([1, NULL, 2] AS VARCHAR);
-- error: (?i)date|type
SELECT d FROM (VALUES (DATE '2026-01-01')) AS t(d) WHERE d BETWEEN 1 AND 30000;
-- error: (?i)date|type
SELECT 20454 BETWEEN DATE '2026-01-01' AND DATE '2026-01-02';
-- error: (?i)date|type
SELECT d IN (20454, 20455) FROM (VALUES (DATE '2026-01-01')) AS t(d);
-- error: (?i)date|type
SELECT d IN (SELECT 20454) FROM (VALUES (DATE '2026-01-01')) AS t(d);
-- error: (?i)date|type
SELECT coalesce(NULL, 1, DATE '2026-01-01');
-- error: (?i)date|type
SELECT nullif(DATE '2026-01-01', 20454);
-- error: (?i)date|type|function
SELECT greatest(TIMESTAMP '2026-01-01 00:00:00', 1);
-- error: (?i)date|type
SELECT CASE d WHEN 20454 THEN 'x' END FROM (VALUES (DATE '2026-01-01')) AS t(d);
-- error: (?i)date|type
SELECT [1, DATE '2026-01-01'];
-- error: (?i)date|type
SELECT 1 IS DISTINCT FROM DATE '2026-01-01';
-- error: (?i)date|type
SELECT count(*) FROM (VALUES (1)) AS a(x) JOIN (VALUES (DATE '2026-01-01')) AS b(x) USING (x);
-- error: (?i)date|type|union
SELECT 1 AS x INTERSECT SELECT DATE '1970-01-02';
-- error: (?i)date|type|cast|combine
SELECT x FROM (VALUES (1), (DATE '2026-01-01')) AS t(x);
SELECT coalesce(NULL, DATE '2026-01-01') BETWEEN DATE '2025-01-01' AND TIMESTAMP '2026-01-01 00:00:00';
