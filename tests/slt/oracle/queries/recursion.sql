-- WITH and WITH RECURSIVE.

CREATE TABLE edges AS SELECT * FROM (VALUES (1, 2), (2, 3), (3, 4), (2, 5), (6, 7)) AS t(a, b);

WITH c AS (SELECT 1 AS x) SELECT x + 1 FROM c;
WITH c(p, q) AS (VALUES (1, 'a'), (2, 'b')) SELECT p, q FROM c;
WITH a AS (SELECT 1 AS x), b AS (SELECT x + 1 AS y FROM a) SELECT x, y FROM a, b;
-- differs: a name of WITH cannot be given again inside
-- sluice error: (?i)specified more than once|twice
WITH a AS (SELECT 1 AS x) SELECT * FROM (WITH a AS (SELECT 2 AS x) SELECT x FROM a) AS t;
WITH c AS (SELECT b FROM edges WHERE a = 2) SELECT s.b, t.b FROM c AS s CROSS JOIN c AS t;
-- differs: AS MATERIALIZED is not a clause of WITH
-- sluice error: .
WITH c AS MATERIALIZED (SELECT 5 AS x) SELECT x FROM c;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5) SELECT i FROM n;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100) SELECT count(*), sum(i) FROM n;
WITH RECURSIVE f(i, x) AS (SELECT 1 AS i, 1 AS x UNION ALL SELECT i + 1, x * (i + 1) FROM f WHERE i < 6) SELECT i, x FROM f;
WITH RECURSIVE f(i, x) AS (SELECT 1, 1 UNION ALL SELECT i + 1, x * (i + 1) FROM f WHERE i < 6) SELECT i, x FROM f;
WITH RECURSIVE f(a, b) AS (SELECT 0, 1 UNION ALL SELECT b, a + b FROM f WHERE b < 50) SELECT a FROM f;
WITH RECURSIVE r(b, depth) AS (SELECT b, 1 FROM edges WHERE a = 1 UNION ALL SELECT e.b, r.depth + 1 FROM r JOIN edges AS e ON e.a = r.b) SELECT b, depth FROM r;
WITH RECURSIVE r(b) AS (SELECT 1 UNION SELECT e.b FROM r JOIN edges AS e ON e.a = r.b) SELECT b FROM r;
-- UNION stops at a cycle.
WITH RECURSIVE r(b) AS (SELECT 1 UNION SELECT (b % 3) + 1 FROM r) SELECT b FROM r;
WITH RECURSIVE r(s) AS (SELECT 'a' UNION ALL SELECT s || 'b' FROM r WHERE length(s) < 4) SELECT s FROM r;
WITH RECURSIVE r(a, b, path) AS (SELECT a, b, CAST(a AS VARCHAR) || '>' || CAST(b AS VARCHAR) FROM edges WHERE a = 1 UNION ALL SELECT r.a, e.b, r.path || '>' || CAST(e.b AS VARCHAR) FROM r JOIN edges AS e ON e.a = r.b) SELECT path FROM r;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3) SELECT x.i, y.i FROM n AS x JOIN n AS y ON x.i <= y.i;
WITH RECURSIVE n(i) AS (SELECT 10 WHERE false UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n;
WITH RECURSIVE d(x) AS (SELECT DATE '2026-01-30' UNION ALL SELECT CAST(x + INTERVAL '1 day' AS DATE) FROM d WHERE x < DATE '2026-02-02') SELECT x FROM d;
-- differs: a correlated scalar subquery is tied to its row by equalities and stands in SELECT, WHERE or an aggregate
-- sluice error: .
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4) SELECT a, (SELECT count(*) FROM n WHERE i > a) FROM edges;
-- error: (?i)\by\b
WITH c AS (SELECT 1 AS x) SELECT y FROM c;
