-- Aggregates: distinct, filtered, ordered, statistical.

CREATE TABLE m AS SELECT * FROM (VALUES (1, 'a', 1.0), (2, 'a', 2.0), (3, 'a', 2.0), (4, 'b', 4.0), (5, 'b', NULL), (6, 'c', 10.0)) AS t(id, g, raw);
CREATE TABLE k AS SELECT id, g, CAST(raw AS DOUBLE) AS v FROM m;

SELECT count(*), count(v), count(DISTINCT v), sum(v), sum(DISTINCT v), avg(v) FROM k;
SELECT g, count(*), count(v), sum(v), avg(v), min(v), max(v) FROM k GROUP BY g;
SELECT count(DISTINCT g), count(DISTINCT id) FROM k;
SELECT g, count(DISTINCT v), sum(DISTINCT v) FROM k GROUP BY g;
SELECT avg(DISTINCT v) FROM k;
SELECT min(DISTINCT v), max(DISTINCT g) FROM k;
SELECT stddev_pop(x), var_pop(x) FROM (VALUES (2.0::DOUBLE), (4.0::DOUBLE), (4.0::DOUBLE), (4.0::DOUBLE), (5.0::DOUBLE), (5.0::DOUBLE), (7.0::DOUBLE), (9.0::DOUBLE)) AS t(x);
SELECT var_samp(x), stddev(x) FROM (VALUES (1.0::DOUBLE), (2.0::DOUBLE), (3.0::DOUBLE)) AS t(x);
SELECT round(stddev_samp(v), 6), round(var_pop(v), 6) FROM k;
SELECT g, round(stddev(v), 6) FROM k GROUP BY g;
SELECT median(v) FROM k;
SELECT median(x) FROM (VALUES (1.0::DOUBLE), (2.0::DOUBLE), (3.0::DOUBLE), (10.0::DOUBLE)) AS t(x);
SELECT g, median(v) FROM k GROUP BY g;
-- duckdb: SELECT quantile_cont(v, 0.5), quantile_cont(v, 0.25), quantile_cont(v, 0.0), quantile_cont(v, 1.0) FROM k
SELECT percentile_cont(v, 0.5), percentile_cont(v, 0.25), percentile_cont(v, 0.0), percentile_cont(v, 1.0) FROM k;
SELECT round(percentile_cont(0.9) WITHIN GROUP (ORDER BY v), 6) FROM k;
SELECT median(x) FROM (VALUES (1), (2), (3), (4)) AS t(x);
SELECT round(corr(x, y), 6), round(covar_pop(x, y), 6), round(covar_samp(x, y), 6) FROM (VALUES (1.0::DOUBLE, 2.0::DOUBLE), (2.0::DOUBLE, 3.5::DOUBLE), (3.0::DOUBLE, 7.0::DOUBLE)) AS t(x, y);
SELECT round(regr_slope(y, x), 6), round(regr_intercept(y, x), 6), regr_count(y, x) FROM (VALUES (1.0::DOUBLE, 2.0::DOUBLE), (2.0::DOUBLE, 3.5::DOUBLE), (3.0::DOUBLE, 7.0::DOUBLE)) AS t(x, y);
SELECT string_agg(g, ',' ORDER BY id) FROM k;
SELECT string_agg(g, ',' ORDER BY id DESC) FROM k;
SELECT g, string_agg(CAST(id AS VARCHAR), '-' ORDER BY id DESC) FROM k GROUP BY g;
SELECT string_agg(DISTINCT g, ',' ORDER BY g) FROM k;
SELECT string_agg(x, '') FROM (VALUES (NULL), (NULL)) AS t(x);
SELECT string_agg(x, ',' ORDER BY x) FROM (VALUES ('b'), (NULL), ('a')) AS t(x);
SELECT array_agg(id ORDER BY id DESC) FROM k;
SELECT array_agg(DISTINCT g ORDER BY g) FROM k;
SELECT g, array_agg(v ORDER BY id) FROM k GROUP BY g;
SELECT array_agg(id ORDER BY id) FILTER (WHERE id > 4) FROM k;
SELECT sum(v) FILTER (WHERE g = 'a'), count(*) FILTER (WHERE v IS NULL) FROM k;
SELECT g, count(*) FILTER (WHERE v > 1) AS n FROM k GROUP BY g;
SELECT bool_and(v > 0), bool_or(v > 9) FROM k;
SELECT bit_and(x), bit_or(x), bit_xor(x) FROM (VALUES (5), (7), (13)) AS t(x);
-- duckdb: SELECT first(v ORDER BY id), last(v ORDER BY id) FROM k
SELECT first_value(v ORDER BY id), last_value(v ORDER BY id) FROM k;
SELECT min(g), max(g), min(x), max(x) FROM (SELECT g, g = 'a' AS x FROM k) AS t;
SELECT sum(x), avg(x) FROM (VALUES (CAST(1 AS SMALLINT)), (CAST(2 AS SMALLINT))) AS t(x);
SELECT sum(x) FROM (VALUES (0.1::DOUBLE), (0.2::DOUBLE), (0.3::DOUBLE)) AS t(x) WHERE x < 0.25;
SELECT sum(v) / count(v) = avg(v) FROM k;
SELECT count(*) FROM generate_series(1, 100000) AS t(x);
SELECT sum(x), min(x), max(x), avg(x) FROM generate_series(1, 100000) AS t(x);
SELECT x % 10 AS d, count(*), sum(x) FROM generate_series(1, 10000) AS t(x) GROUP BY x % 10;
SELECT count(DISTINCT x % 97), sum(DISTINCT x % 10) FROM generate_series(1, 10000) AS t(x);
-- duckdb: SELECT approx_count_distinct(x) FROM (VALUES (1), (1), (NULL)) AS t(x)
SELECT approx_distinct(x) FROM (VALUES (1), (1), (NULL)) AS t(x);
-- differs: statistics that are not defined are NULL, as in PostgreSQL; DuckDB answers NaN
-- sluice: NULL
SELECT corr(x, y) FROM (VALUES (1.0::DOUBLE, 1.0::DOUBLE)) AS t(x, y);
-- differs: statistics that are not defined are NULL, as in PostgreSQL; DuckDB answers NaN
-- sluice: NULL
SELECT regr_slope(y, x) FROM (VALUES (1.0::DOUBLE, 1.0::DOUBLE), (1.0::DOUBLE, 2.0::DOUBLE)) AS t(x, y);
