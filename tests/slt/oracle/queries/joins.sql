-- Joins: inner, outer, semi, anti, with NULL keys and with no equal keys.

CREATE TABLE l AS SELECT * FROM (VALUES (1, 'one'), (2, 'two'), (NULL, 'none'), (2, 'deux'), (4, 'four')) AS t(k, a);
CREATE TABLE r AS SELECT * FROM (VALUES (2, 'zwei'), (NULL, 'nichts'), (3, 'drei'), (2, 'er')) AS t(k, b);

SELECT l.k, a, b FROM l JOIN r ON l.k = r.k;
SELECT l.k, a, r.k, b FROM l LEFT JOIN r ON l.k = r.k;
SELECT l.k, a, r.k, b FROM l RIGHT JOIN r ON l.k = r.k;
SELECT l.k, a, r.k, b FROM l FULL JOIN r ON l.k = r.k;
SELECT k, a, b FROM l JOIN r USING (k);
SELECT k, a, b FROM l LEFT JOIN r USING (k);
SELECT k, a, b FROM l FULL JOIN r USING (k);
SELECT k, a, b FROM l NATURAL JOIN r;
SELECT k, a, b FROM l RIGHT JOIN r USING (k);
SELECT * FROM l FULL JOIN r USING (k);
SELECT k, count(*) FROM l FULL JOIN r USING (k) GROUP BY k;
-- differs: NATURAL RIGHT and NATURAL FULL JOIN are refused: name the keys with USING
-- sluice error: NATURAL
SELECT k, a, b FROM l NATURAL FULL JOIN r;
SELECT count(*) FROM l CROSS JOIN r;
SELECT count(*) FROM l, r;
SELECT a, b FROM l, r WHERE l.k = r.k;
-- NULL keys meet only where asked.
SELECT a, b FROM l JOIN r ON l.k IS NOT DISTINCT FROM r.k;
SELECT a, b FROM l LEFT JOIN r ON l.k IS NOT DISTINCT FROM r.k;
-- A condition in ON keeps the left row, in WHERE it does not.
SELECT a, b FROM l LEFT JOIN r ON l.k = r.k AND b = 'er';
SELECT a, b FROM l LEFT JOIN r ON l.k = r.k WHERE b = 'er';
SELECT a, b FROM l LEFT JOIN r ON l.k = r.k AND a = 'two';
SELECT a, b FROM l FULL JOIN r ON l.k = r.k AND a = 'two';
SELECT a, b FROM l LEFT JOIN r ON l.k = r.k WHERE r.k IS NULL;
SELECT a, b FROM l RIGHT JOIN r ON l.k = r.k AND l.k > 100;
SELECT a, b FROM l JOIN r ON l.k < r.k;
SELECT a, b FROM l LEFT JOIN r ON l.k > r.k;
SELECT a, b FROM l FULL JOIN r ON l.k > r.k;
SELECT a, b FROM l JOIN r ON l.k = r.k + 1;
SELECT a, b FROM l LEFT JOIN r ON true WHERE l.k = 1;
SELECT a, b FROM l LEFT JOIN r ON false;
SELECT a, b FROM l FULL JOIN r ON false;
SELECT x.a, y.a FROM l AS x JOIN l AS y ON x.k = y.k AND x.a < y.a;
-- differs: SEMI JOIN and ANTI JOIN are spelled LEFT SEMI JOIN and LEFT ANTI JOIN
-- sluice error: (?i)join
SELECT a FROM l SEMI JOIN r ON l.k = r.k;
-- differs: SEMI JOIN and ANTI JOIN are spelled LEFT SEMI JOIN and LEFT ANTI JOIN
-- sluice error: (?i)join
SELECT a FROM l ANTI JOIN r ON l.k = r.k;
-- duckdb: SELECT a FROM l SEMI JOIN r ON l.k = r.k
SELECT a FROM l LEFT SEMI JOIN r ON l.k = r.k;
-- duckdb: SELECT a FROM l ANTI JOIN r ON l.k = r.k
SELECT a FROM l LEFT ANTI JOIN r ON l.k = r.k;
SELECT count(*) FROM l JOIN r ON l.k = r.k JOIN l AS m ON m.k = r.k;
SELECT l.a, r.b, m.a FROM l LEFT JOIN r ON l.k = r.k LEFT JOIN l AS m ON r.k = m.k AND m.a = 'two';
SELECT l.k, count(b) FROM l LEFT JOIN r ON l.k = r.k GROUP BY l.k;
SELECT x, y FROM (VALUES (1), (2)) AS t(x) JOIN (VALUES (1.0::DOUBLE), (3.0::DOUBLE)) AS u(y) ON x = y;
SELECT x, y FROM (VALUES (CAST(1 AS SMALLINT))) AS t(x) JOIN (VALUES (CAST(1 AS BIGINT))) AS u(y) ON x = y;
SELECT t.a, u.a FROM (VALUES ('x', 1), ('x', 2)) AS t(a, b) JOIN (VALUES ('x', 2), ('y', 2)) AS u(a, b) ON t.a = u.a AND t.b = u.b;
SELECT * FROM l LEFT JOIN (SELECT k, count(*) AS n FROM r GROUP BY k) AS c ON l.k = c.k;
SELECT a, b FROM l LEFT JOIN r ON l.k = r.k ORDER BY a, b NULLS FIRST LIMIT 3;
SELECT coalesce(l.k, r.k) AS k, count(*) FROM l FULL JOIN r ON l.k = r.k GROUP BY 1;
-- error: (?i)ambiguous
SELECT k FROM l JOIN r ON l.k = r.k;
-- A left join to an empty side, and an inner join to it.
SELECT a, e.b FROM l LEFT JOIN (SELECT * FROM r WHERE false) AS e ON l.k = e.k;
SELECT a, e.b FROM l JOIN (SELECT * FROM r WHERE false) AS e ON l.k = e.k;
SELECT a, e.b FROM (SELECT * FROM l WHERE false) AS l RIGHT JOIN r AS e ON l.k = e.k;
-- What a WHERE on the other side's columns makes of an outer join.
SELECT a, b FROM l LEFT JOIN r ON l.k = r.k WHERE b = 'er' OR b IS NULL;
SELECT a, b FROM l LEFT JOIN r ON l.k = r.k WHERE (b = 'er') IS NOT TRUE;
SELECT a, b FROM l LEFT JOIN r ON l.k = r.k WHERE coalesce(b, 'x') = 'x';
SELECT a, b FROM l LEFT JOIN r ON l.k = r.k WHERE CASE WHEN b IS NULL THEN true ELSE false END;
SELECT a, b FROM l FULL JOIN r ON l.k = r.k WHERE coalesce(l.k, 0) = 0;
SELECT a, n FROM l LEFT JOIN (SELECT k, 5 AS n FROM r) AS s ON l.k = s.k;
SELECT a, n FROM l LEFT JOIN (SELECT k, coalesce(k, 0) AS n FROM r) AS s ON l.k = s.k;
SELECT a, z FROM l LEFT JOIN (r JOIN (VALUES (2, 'in')) AS m(k, z) ON r.k = m.k) ON l.k = r.k;

SELECT * FROM l RIGHT JOIN r USING (k);
SELECT k + 1, upper(a) FROM l FULL JOIN r USING (k) WHERE k > 1 ORDER BY k DESC, 2 NULLS LAST;
SELECT a FROM l FULL JOIN r USING (k) ORDER BY k NULLS LAST, a NULLS LAST;
SELECT l.k, r.k, k FROM l FULL JOIN r USING (k);
SELECT p.k FROM (SELECT k FROM l RIGHT JOIN r USING (k)) AS p;
SELECT k FROM l RIGHT JOIN r USING (k) UNION ALL SELECT k FROM l FULL JOIN r USING (k);
SELECT k, count(a), count(b) FROM l FULL JOIN r USING (k) GROUP BY k HAVING k >= 2;
FROM l FULL JOIN r USING (k);
