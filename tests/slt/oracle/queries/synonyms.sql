-- Functions as DuckDB calls them, which are others here.

CREATE TABLE s AS SELECT * FROM (VALUES (1, 'b', 10, TIMESTAMP '2026-01-31 10:59:59.5'), (2, 'a', NULL, TIMESTAMP '2026-02-01 11:00:00'), (3, NULL, 30, TIMESTAMP '1969-12-31 23:00:00'), (4, 'c', 30, NULL)) AS x(id, name, v, t);

SELECT arg_max(name, id), arg_min(name, id), max_by(id, v + id), min_by(id, v) FROM s;
SELECT v, arg_max(id, id) FROM s GROUP BY v ORDER BY v NULLS LAST;
-- differs: no window takes an aggregate with an order of its own
-- sluice error: (?i)window
SELECT id, arg_max(id, id) OVER (PARTITION BY v) AS last FROM s ORDER BY id;
SELECT arg_max(id, v) FILTER (WHERE id < 3) FROM s;
SELECT list(id ORDER BY id DESC) FROM s;
SELECT list(DISTINCT v ORDER BY v) FROM s WHERE v IS NOT NULL;
SELECT count_if(v > 10), countif(v IS NULL) FROM s;
-- differs: count_if of no rows is 0, as count is
-- sluice: 0
SELECT count_if(v > 100) FROM s WHERE id > 10;
SELECT approx_count_distinct(v) FROM s;
SELECT string_agg(name, '-' ORDER BY id) FROM s;
SELECT if(v > 10, 'large', 'small') AS size FROM s ORDER BY id;
SELECT year(t), quarter(t), month(t), week(t), day(t), hour(t), minute(t), second(t) FROM s ORDER BY id;
SELECT isodow(t), dayofyear(t), weekofyear(t), dayofmonth(t) FROM s ORDER BY id;
SELECT monthname(t), dayname(t) FROM s ORDER BY id;
SELECT epoch_ms(t), epoch_us(t) FROM s ORDER BY id;
SELECT epoch(t) FROM s ORDER BY id;
SELECT last_day(t) FROM s ORDER BY id;
SELECT last_day(DATE '2024-02-03');
SELECT strftime(t, '%Y/%m/%d %H') FROM s ORDER BY id;
SELECT strptime('03.02.2026 07:08:09', '%d.%m.%Y %H:%M:%S');
SELECT date_diff('day', t, TIMESTAMP '2026-03-01 00:00:00') FROM s ORDER BY id;
SELECT date_diff('year', t, TIMESTAMP '2026-03-01 00:00:00'), date_diff('quarter', t, TIMESTAMP '2026-03-01 00:00:00'), date_diff('month', t, TIMESTAMP '2026-03-01 00:00:00') FROM s ORDER BY id;
SELECT date_diff('week', t, TIMESTAMP '2026-03-01 00:00:00') FROM s ORDER BY id;
SELECT date_diff('hour', t, TIMESTAMP '2026-03-01 00:00:00'), date_diff('minute', t, TIMESTAMP '2026-03-01 00:00:00'), date_diff('second', t, TIMESTAMP '2026-03-01 00:00:00') FROM s ORDER BY id;
SELECT date_diff('millisecond', t, TIMESTAMP '2026-03-01 00:00:00') FROM s ORDER BY id;
SELECT date_diff('day', DATE '2026-03-01', DATE '2026-02-01'), date_diff('week', DATE '2026-01-04', DATE '2026-01-05'), datediff('month', DATE '2026-01-31', DATE '2026-02-01');
SELECT date_diff('hour', TIMESTAMP '2026-01-01 10:59:00', TIMESTAMP '2026-01-01 11:01:00'), date_diff('hour', TIMESTAMP '2026-01-01 11:01:00', TIMESTAMP '2026-01-01 10:59:00');
SELECT regexp_extract('abc123', '[0-9]+'), regexp_extract('abc123', '([a-z])([a-z]+)', 2), regexp_extract('abc123', '([a-z])([a-z]+)', 0);
-- differs: nothing found is NULL, as in Trino and PostgreSQL
-- sluice: NULL
SELECT regexp_extract('abc', '[0-9]+');
SELECT regexp_matches('abc123', '[0-9]+'), regexp_matches('abc', '[0-9]');
SELECT string_split('a-b-c', '-'), str_split('a', ',');
SELECT mod(7, 3), mod(-7, 3), sign(-2), ceiling(CAST(1.5 AS DOUBLE));
SELECT lcase('ÄB'), ucase('äb'), strlen('ä');
SELECT json_extract_string('{"a":{"b":[1,"x"]}}', '$.a.b[1]'), json_extract_string('{"a":1}', '$.c'), json_extract_string('{"a b":1}', '$."a b"');
SELECT 3 * INTERVAL '1 day', INTERVAL '2 hours' * 3, INTERVAL '1 month' * -2;
SELECT TIMESTAMP '2026-01-31 00:00:00' + id * INTERVAL '1 day' FROM s ORDER BY id;
SELECT INTERVAL '1 hour' / 2;
SELECT v, count(*) AS n FROM s GROUP BY ALL ORDER BY ALL;
SELECT v, id FROM s ORDER BY ALL DESC NULLS LAST;
-- duckdb: SELECT id FROM s ORDER BY id OFFSET 1 LIMIT 2
SELECT id FROM s ORDER BY id OFFSET 1 ROWS FETCH FIRST 2 ROWS ONLY;
-- duckdb: SELECT id FROM s ORDER BY id LIMIT 1
SELECT id FROM s ORDER BY id FETCH NEXT ROW ONLY;
SELECT date_trunc('month', TIMESTAMP '2026-03-04 05:06:07') = date('2026-03-01');

-- Operators and their like.
SELECT 10 // 4, -7 // 2, 7 // -2;
SELECT xor(7, 3), ~5, ~(-1), 6 & 3, 6 | 3;
SELECT struct_extract({'a': 1, 'b': 'x'}, 'b'), {'a': 1}.a, ({'a': {'b': 2}}).a.b;
-- duckdb: SELECT * FROM (VALUES (1), (2)) AS t(x) ORDER BY x
SELECT x FROM (FROM (VALUES (1), (2)) AS t(x)) ORDER BY x;
SELECT len('Zürich'), len([1, NULL]), len(['a', 'b', 'c'][1:2]), len([[1, 2], [3]]), len(NULL);
-- duckdb: SELECT cardinality(MAP {'a': 1, 'b': 2})
SELECT len(MAP {'a': 1, 'b': 2});
SELECT x, len(x) FROM (VALUES ([1]), (NULL), ([2, 3])) AS t(x) ORDER BY x;
