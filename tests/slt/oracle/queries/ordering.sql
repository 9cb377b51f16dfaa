-- ORDER BY, LIMIT, OFFSET, VALUES, SELECT lists.

CREATE TABLE o AS SELECT * FROM (VALUES (1, 'b', 2), (2, 'a', 2), (3, 'c', 1), (4, 'a', 3)) AS t(id, s, v);

SELECT id, s FROM o ORDER BY s, id;
SELECT id, v FROM o ORDER BY v DESC, id ASC;
SELECT id, v * 2 AS w FROM o ORDER BY w, id;
SELECT id, s FROM o ORDER BY 2, 1;
SELECT id, s FROM o ORDER BY 2 DESC, 1 DESC;
-- A column that is not shown can order.
SELECT s FROM o ORDER BY id DESC;
SELECT id FROM o ORDER BY v * -1, s || 'x';
SELECT id FROM o ORDER BY length(s), v % 2, id;
SELECT id FROM o ORDER BY CASE s WHEN 'c' THEN 0 ELSE 1 END, id;
-- An alias hides a column in ORDER BY, but not inside WHERE.
SELECT -id AS id FROM o ORDER BY id;
SELECT -v AS id FROM o WHERE id > 2 ORDER BY id;
SELECT id FROM o ORDER BY id LIMIT 2;
SELECT id FROM o ORDER BY id LIMIT 2 OFFSET 1;
SELECT id FROM o ORDER BY id OFFSET 3;
SELECT id FROM o ORDER BY id LIMIT 0;
SELECT id FROM o ORDER BY id LIMIT 10 OFFSET 10;
SELECT id FROM o ORDER BY id LIMIT 1 + 1;
SELECT id FROM o ORDER BY id LIMIT NULL;
-- duckdb: SELECT id FROM o ORDER BY id LIMIT 2
SELECT id FROM o ORDER BY id FETCH FIRST 2 ROWS ONLY;
SELECT count(*) FROM (SELECT id FROM o LIMIT 3) AS t;
SELECT count(*) FROM (SELECT id FROM o LIMIT 3 OFFSET 3) AS t;
SELECT max(id) FROM (SELECT id FROM o ORDER BY id LIMIT 2) AS t;
SELECT id FROM (SELECT id FROM o ORDER BY id DESC LIMIT 3) AS t ORDER BY id LIMIT 1;
VALUES (1, 'a'), (2, NULL);
VALUES (1), (2) ORDER BY 1 DESC;
SELECT * FROM (VALUES (1, 2)) AS t(x, y);
SELECT t.* FROM (VALUES (1, 2)) AS t(x, y);
SELECT x, * FROM (VALUES (1, 2)) AS t(x, y);
SELECT * EXCLUDE (y) FROM (VALUES (1, 2, 3)) AS t(x, y, z);
-- duckdb: SELECT * EXCLUDE (y) FROM (VALUES (1, 2, 3)) AS t(x, y, z)
SELECT * EXCEPT (y) FROM (VALUES (1, 2, 3)) AS t(x, y, z);
SELECT * REPLACE (x + 1 AS x) FROM (VALUES (1, 2)) AS t(x, y);
SELECT 1, 1, 1;
SELECT 1 AS "A b", 2 AS "a B";
SELECT "Mixed" FROM (SELECT 1 AS "Mixed") AS t;
SELECT t.s, u.s FROM o AS t JOIN o AS u ON t.v = u.v AND t.id < u.id;
SELECT s, id FROM o ORDER BY o.s, o.id;
SELECT DISTINCT v FROM o ORDER BY v;
SELECT DISTINCT s FROM o ORDER BY s DESC LIMIT 2;
FROM o SELECT id WHERE id > 2 ORDER BY id;
SELECT x FROM generate_series(1, 10) AS t(x) ORDER BY x % 3, x DESC LIMIT 5;
SELECT x FROM generate_series(10, 1, -3) AS t(x) ORDER BY x;
-- duckdb: SELECT x FROM range(1, 4) AS t(x) ORDER BY x
SELECT x FROM range(1, 4) AS t(x) ORDER BY x;
SELECT x FROM generate_series(1, 5000) AS t(x) ORDER BY x DESC LIMIT 3 OFFSET 4000;
-- error: (?i)order
SELECT id FROM o ORDER BY 7;
-- error: nothing
SELECT id FROM o ORDER BY nothing;
-- error: (?i)limit
SELECT id FROM o LIMIT -1;
-- differs: DISTINCT can only be ordered by what it selects, since another column has no one value; DuckDB takes any of them
-- sluice error: (?i)distinct
SELECT DISTINCT s FROM o ORDER BY id;
-- differs: an alias of the SELECT list is known in ORDER BY, GROUP BY, HAVING and QUALIFY only
-- sluice error: (?i)\bz\b
SELECT id AS z FROM o WHERE z = 1;
-- differs: an alias of the SELECT list is known in ORDER BY, GROUP BY, HAVING and QUALIFY only
-- sluice error: (?i)\bz\b
SELECT id AS z, z + 1 AS y FROM o;
SELECT id FROM (SELECT id, row_number() OVER (ORDER BY id DESC) AS n FROM o) AS t WHERE n <= 2 ORDER BY id;
SELECT * FROM (SELECT id, v FROM o ORDER BY id LIMIT 1) AS t WHERE v = 3;
SELECT s, n FROM (SELECT s, sum(v) AS n FROM o GROUP BY ROLLUP (s)) AS t WHERE s IS NULL;
SELECT * FROM (SELECT DISTINCT ON (s) s, id FROM o ORDER BY s, id DESC) AS t WHERE id = 2;

SELECT DISTINCT x % 2 FROM (VALUES (1), (2), (3)) AS t(x) ORDER BY x % 2;

SELECT count(*), count(*), x, x FROM (VALUES (1), (2), (2)) AS t(x) GROUP BY x ORDER BY count(*) DESC, x;

-- duckdb: SELECT (x + 1) * 2 FROM (VALUES (1), (2)) AS t(x) ORDER BY x + 1 DESC
SELECT "x + 1" * 2 FROM (SELECT x + 1 FROM (VALUES (1), (2)) AS t(x)) AS u ORDER BY "x + 1" DESC;

SELECT 1, 1 UNION ALL SELECT 2, 3 ORDER BY 1;
