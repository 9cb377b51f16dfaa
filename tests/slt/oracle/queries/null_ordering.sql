-- Where NULL stands in an order, and what equal keys do.

CREATE TABLE n AS SELECT * FROM (VALUES (1, 3), (2, NULL), (3, 1), (4, NULL), (5, 2)) AS t(id, v);

SELECT id, v FROM n ORDER BY v ASC NULLS LAST, id;
SELECT id, v FROM n ORDER BY v ASC NULLS FIRST, id;
SELECT id, v FROM n ORDER BY v DESC NULLS LAST, id;
SELECT id, v FROM n ORDER BY v DESC NULLS FIRST, id;
-- Ascending without a word: NULL last in both.
SELECT id, v FROM n ORDER BY v, id;
-- differs: NULL is the largest value in an ORDER BY, as in PostgreSQL: last ascending, first descending; DuckDB puts it last in both
-- sluice: 4 | NULL
-- sluice: 2 | NULL
-- sluice: 1 | 3
-- sluice: 5 | 2
-- sluice: 3 | 1
SELECT id, v FROM n ORDER BY v DESC, id DESC;
-- differs: NULL is the largest value in an ORDER BY, as in PostgreSQL: last ascending, first descending; DuckDB puts it last in both
-- sluice: NULL
-- sluice: 3
SELECT v FROM n WHERE id IN (1, 2) ORDER BY v DESC;
-- differs: NULL is the largest value in an ORDER BY, as in PostgreSQL: last ascending, first descending; DuckDB puts it last in both
-- sluice: 2 | 1
-- sluice: 4 | 2
-- sluice: 1 | 3
-- sluice: 5 | 4
-- sluice: 3 | 5
SELECT id, row_number() OVER (ORDER BY v DESC, id) AS r FROM n ORDER BY r;
-- A limit keeps the NULLs that sort first.
SELECT id FROM n ORDER BY v NULLS FIRST, id LIMIT 3;
SELECT id FROM n ORDER BY v DESC NULLS LAST, id DESC LIMIT 2;
SELECT id FROM n ORDER BY v IS NULL, v, id;
SELECT id FROM n ORDER BY v IS NULL DESC, v DESC, id;
SELECT id FROM n ORDER BY coalesce(v, 2), id;
SELECT x FROM (VALUES ('b'), (NULL), (''), ('a')) AS t(x) ORDER BY x NULLS FIRST;
SELECT x FROM (VALUES (true), (NULL), (false)) AS t(x) ORDER BY x NULLS LAST;
SELECT x FROM (VALUES (DATE '2026-01-02'), (NULL), (DATE '2025-12-31')) AS t(x) ORDER BY x DESC NULLS FIRST;
SELECT a, b FROM (VALUES (1, NULL), (NULL, 1), (NULL, NULL), (1, 1)) AS t(a, b) ORDER BY a NULLS FIRST, b NULLS LAST;
SELECT a, b FROM (VALUES (1, NULL), (NULL, 1), (NULL, NULL), (1, 1)) AS t(a, b) ORDER BY a DESC NULLS LAST, b DESC NULLS FIRST;
SELECT array_agg(v ORDER BY v NULLS FIRST) FROM n;
SELECT array_agg(v ORDER BY v DESC NULLS LAST) FROM n;
SELECT max(v), min(v), count(v), count(*) FROM n;
SELECT id, rank() OVER (ORDER BY v NULLS FIRST) AS r FROM n ORDER BY id;
SELECT id, dense_rank() OVER (ORDER BY v DESC NULLS LAST) AS r FROM n ORDER BY id;
