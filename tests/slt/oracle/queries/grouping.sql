-- GROUP BY, HAVING, GROUPING SETS, ROLLUP, CUBE.

CREATE TABLE g AS SELECT * FROM (VALUES ('a', 'x', 1), ('a', 'y', 2), ('b', 'x', 3), ('b', NULL, 4), (NULL, 'x', 5)) AS t(p, q, v);

SELECT p, sum(v) FROM g GROUP BY p;
SELECT p, q, sum(v) FROM g GROUP BY p, q;
SELECT p, sum(v) AS s FROM g GROUP BY p HAVING sum(v) > 3;
SELECT p FROM g GROUP BY p HAVING count(*) > 1 AND p IS NOT NULL;
SELECT sum(v) FROM g HAVING sum(v) > 100;
SELECT sum(v) FROM g HAVING sum(v) > 10;
SELECT p, q, sum(v) FROM g GROUP BY ROLLUP (p, q);
SELECT p, q, sum(v) FROM g GROUP BY CUBE (p, q);
SELECT p, q, sum(v) FROM g GROUP BY GROUPING SETS ((p), (q), ());
SELECT p, q, sum(v) FROM g GROUP BY GROUPING SETS ((p, q), (p));
SELECT p, sum(v) FROM g GROUP BY GROUPING SETS ((p), ());
-- A NULL key and a total are told apart by grouping().
SELECT p, grouping(p), sum(v) FROM g GROUP BY ROLLUP (p);
SELECT p, q, grouping(p), grouping(q), sum(v) FROM g GROUP BY CUBE (p, q);
SELECT p, q, grouping(p, q), sum(v) FROM g GROUP BY ROLLUP (p, q);
SELECT p, sum(v) FROM g GROUP BY ROLLUP (p) HAVING grouping(p) = 1;
SELECT p, count(*), count(q), count(DISTINCT q) FROM g GROUP BY ROLLUP (p);
SELECT v % 2 AS odd, count(*) FROM g GROUP BY v % 2;
SELECT v % 2 AS odd, count(*) FROM g GROUP BY odd;
SELECT v % 2 AS odd, count(*) FROM g GROUP BY 1 ORDER BY 1;
SELECT p || '!' AS e, max(v) FROM g GROUP BY p || '!';
SELECT upper(p), count(*) FROM g GROUP BY upper(p) HAVING max(v) > 2;
SELECT p, sum(v) * 2 + count(*) FROM g GROUP BY p;
SELECT p, sum(CASE WHEN q = 'x' THEN v ELSE 0 END) AS x, sum(CASE WHEN q = 'y' THEN v END) AS y FROM g GROUP BY p;
SELECT DISTINCT p FROM g;
SELECT DISTINCT p, q IS NULL FROM g;
SELECT DISTINCT ON (p) p, v FROM g ORDER BY p NULLS LAST, v DESC;
SELECT p, sum(v) AS s FROM g GROUP BY p HAVING s > 3;
SELECT count(*) FROM (SELECT p, q FROM g GROUP BY p, q) AS t;
SELECT q, p FROM g GROUP BY p, q ORDER BY q NULLS FIRST, p NULLS FIRST;
SELECT p, sum(v) FROM g GROUP BY p ORDER BY sum(v) DESC, p;
SELECT p FROM g GROUP BY p ORDER BY max(v) DESC;
SELECT max(s) FROM (SELECT p, sum(v) AS s FROM g GROUP BY p) AS t;
SELECT p, sum(v) FROM g GROUP BY ALL;
-- error: (?i)group by
SELECT p, v FROM g GROUP BY p;
-- error: (?i)where
SELECT p FROM g WHERE sum(v) > 1 GROUP BY p;
-- error: (?i)nested
SELECT sum(sum(v)) FROM g;
