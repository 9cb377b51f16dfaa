-- Lists, structs and maps. Lists are counted from one.

CREATE TABLE q AS SELECT * FROM (VALUES (1, [1, 2, 3]), (2, [4, NULL]), (3, NULL)) AS t(id, xs);

SELECT [1, 2, 3], ['a', NULL, ''], [NULL, 1];
SELECT [[1, 2], [3]];
SELECT ['a, b', 'c:d', '[e]'];
SELECT xs FROM q ORDER BY id;
SELECT id, xs[1], xs[2], xs[-1], xs[9] FROM q ORDER BY id;
SELECT id, array_length(xs) FROM q ORDER BY id;
-- duckdb: SELECT id, len(xs) FROM q WHERE id < 3 ORDER BY id
SELECT id, cardinality(xs) FROM q WHERE id < 3 ORDER BY id;
SELECT [1, 2, 3][2:3], [1, 2, 3][1:1], [1, 2, 3][5:6];
SELECT id, x FROM (SELECT id, unnest(xs) AS x FROM q) AS t;
SELECT unnest([1, 2, 3]);
SELECT * FROM unnest([1, 2, 3]) AS t(x);
-- A list beside the row that holds it.
SELECT id, x FROM q CROSS JOIN unnest(xs) AS u(x);
SELECT q.id, u.x FROM q, unnest(q.xs) AS u(x) WHERE u.x > 1;
SELECT id, x FROM q LEFT JOIN unnest(xs) AS u(x) ON true;
SELECT id, x FROM (SELECT 1 AS id, [] AS xs UNION ALL SELECT 2, [7]) AS e LEFT JOIN unnest(xs) AS u(x) ON true;
SELECT id, x FROM q JOIN unnest(xs) AS u(x) ON u.x > q.id;
SELECT id, x FROM q CROSS JOIN LATERAL (SELECT unnest(xs) * 10 AS x) AS u;
SELECT id, x FROM q CROSS JOIN LATERAL (SELECT unnest(xs) AS x) AS u WHERE x IS NOT NULL;
SELECT id, sum(x), count(*) FROM q, unnest(xs) AS u(x) GROUP BY id;
SELECT p.id, x FROM q AS p JOIN q ON p.id = q.id CROSS JOIN unnest(q.xs) AS u(x);
SELECT id, x FROM (SELECT 1 AS id, [[1, 2], [3]] AS xss) AS n, unnest(xss) AS a(xs), unnest(a.xs) AS b(x);
SELECT count(*) FROM q, unnest(xs) AS u(x), (VALUES (1), (2)) AS v(y);
SELECT sum(x) FROM (SELECT unnest(xs) AS x FROM q) AS t;
SELECT unnest(['a', NULL, 'b']);
SELECT id, array_contains(xs, 2) FROM q ORDER BY id;
SELECT list_contains([1, 2], 3), list_position([5, 6], 6);
SELECT list_concat([1], [2, 3]), list_append([1], 2), list_prepend(0, [1]);
SELECT array_concat([1], [2]);
SELECT list_sort([3, 1, 2]), list_distinct([1, 1]);
-- duckdb: SELECT list_reverse([1, 2, 3])
SELECT array_reverse([1, 2, 3]);
-- duckdb: SELECT array_to_string(['a', 'b'], '-')
SELECT array_to_string(['a', 'b'], '-');
-- duckdb: SELECT string_split('a,b,c', ',')
SELECT string_to_array('a,b,c', ',');
SELECT [1, 2] = [1, 2], [1, 2] < [1, 3], [1] < [1, 0];
SELECT xs, count(*) FROM (VALUES ([1, 2]), ([1, 2]), ([2, 1])) AS t(xs) GROUP BY xs;
SELECT DISTINCT xs FROM (VALUES ([1]), ([1]), (NULL)) AS t(xs);
SELECT xs FROM (VALUES ([2]), ([1, 5]), ([1])) AS t(xs) ORDER BY xs;
SELECT {'a': 1, 'b': 'x'};
SELECT s.a, s.b FROM (SELECT {'a': 1, 'b': 'x'} AS s) AS t;
SELECT s['a'] FROM (SELECT {'a': 1, 'b': 'x'} AS s) AS t;
SELECT {'a': {'b': [1, 2]}};
SELECT s.a.b[2] FROM (SELECT {'a': {'b': [1, 2]}} AS s) AS t;
SELECT {'a': NULL, 'b': 1};
SELECT [{'a': 1}, {'a': 2}];
SELECT unnest([{'a': 1}, {'a': 2}]);
SELECT MAP {'k': 1, 'l': 2};
SELECT MAP {'k': 1}['k'];
SELECT map_keys(MAP {'k': 1, 'l': 2}), map_values(MAP {'k': 1, 'l': 2});
SELECT CAST([] AS INTEGER[]), array_length([]);
-- duckdb: SELECT len([1, NULL])
SELECT cardinality([1, NULL]);
SELECT array_agg(xs ORDER BY id) FROM q;
-- duckdb: SELECT list_min([3, 1]), list_max([3, 1])
SELECT array_min([3, 1]), array_max([3, 1]);
-- duckdb: SELECT range(1, 4), generate_series(1, 3)
SELECT range(1, 4), generate_series(1, 3);
-- duckdb: SELECT 2 IN (SELECT unnest([1, 2]))
SELECT 2 = ANY ([1, 2]);
-- duckdb: SELECT list_has_any([1, 2], [2, 3]), list_has_all([1, 2], [2])
SELECT array_has_any([1, 2], [2, 3]), array_has_all([1, 2], [2]);
-- duckdb: SELECT list_intersect([1, 2], [2, 3])
SELECT array_intersect([1, 2], [2, 3]);
SELECT flatten([[1, 2], [3]]);
SELECT array_slice([1, 2, 3, 4], 2, 3);
-- differs: `list_sort` puts NULL first; DuckDB last
-- sluice: [NULL, 1, 3]
SELECT list_sort([3, NULL, 1]);
-- differs: `list_distinct` keeps one NULL; DuckDB none
-- sluice: [1, NULL]
SELECT list_distinct([1, NULL, 1, NULL]);
SELECT {'a': 1} = {'a': 1}, [1, NULL] = [1, NULL];
SELECT s, count(*) FROM (VALUES ({'a': 1}), ({'a': 1}), ({'a': NULL})) AS t(s) GROUP BY s;
SELECT max(x), min(x) FROM (VALUES ([1, 2]), ([1]), ([0, 9])) AS t(x);
