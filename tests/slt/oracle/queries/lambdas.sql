-- Functions of functions over lists, by the names of DuckDB, Trino and Spark.

CREATE TABLE q AS SELECT * FROM (VALUES (1, [1, 2, 3], 10), (2, [4, NULL], 20), (3, NULL, 30), (4, [-1, 5], 40)) AS t(id, xs, n);

SELECT id, list_transform(xs, x -> x + 1) FROM q ORDER BY id;
SELECT id, list_transform(xs, x -> x * n) FROM q ORDER BY id;
-- duckdb: SELECT list_transform([1, 2], x -> x + 1), list_transform([1, 2], x -> x * x)
SELECT transform([1, 2], x -> x + 1), array_apply([1, 2], x -> x * x);
SELECT id, list_filter(xs, x -> x > 1) FROM q ORDER BY id;
SELECT id, list_filter(xs, x -> x > 1 AND x < 5 OR x = -1) FROM q ORDER BY id;
-- duckdb: SELECT list_filter(['a', 'bb', NULL], x -> length(x) > 1)
SELECT filter(['a', 'bb', NULL], x -> length(x) > 1);
SELECT list_filter(['a', NULL, 'b'], x -> x IS NOT NULL);
SELECT list_transform(['ab', 'cd'], s -> upper(s) || '!');
SELECT list_transform(list_filter([1, 2, 3, 4], x -> x % 2 = 0), x -> x * 10);
-- The parameter is meant, not a column of that name.
SELECT id, list_transform(xs, n -> n + 1) FROM q ORDER BY id;
-- duckdb: SELECT id, list_bool_or(list_transform(xs, x -> x > 2)) FROM q WHERE id IN (1, 4) ORDER BY id
SELECT id, any_match(xs, x -> x > 2) FROM q WHERE id IN (1, 4) ORDER BY id;
-- duckdb: SELECT id, list_bool_and(list_transform(xs, x -> x > 0)) FROM q WHERE id IN (1, 4) ORDER BY id
SELECT id, all_match(xs, x -> x > 0) FROM q WHERE id IN (1, 4) ORDER BY id;
-- duckdb: SELECT id, NOT list_bool_or(list_transform(xs, x -> x > 4)) FROM q WHERE id IN (1, 4) ORDER BY id
SELECT id, none_match(xs, x -> x > 4) FROM q WHERE id IN (1, 4) ORDER BY id;
SELECT count(*) FROM q WHERE len(list_filter(xs, x -> x > 1)) > 1;
SELECT list_transform([{'a': 1, 'b': 'x'}, {'a': 2, 'b': 'y'}], s -> s.a);
SELECT id, sum(x) FROM (SELECT id, unnest(list_transform(xs, x -> x * 2)) AS x FROM q) AS t GROUP BY id ORDER BY id;
