-- IN, NOT IN, EXISTS, scalar and correlated subqueries, and what NULL does to them.

CREATE TABLE a AS SELECT * FROM (VALUES (1, 10), (2, 20), (3, NULL), (NULL, 40)) AS t(x, y);
CREATE TABLE b AS SELECT * FROM (VALUES (1, 5), (1, 15), (3, 30), (NULL, 1)) AS t(x, z);

SELECT x FROM a WHERE x IN (1, 3);
SELECT x FROM a WHERE x NOT IN (1, 3);
-- NOT IN with a NULL in the list is never true.
SELECT x FROM a WHERE x NOT IN (1, NULL);
SELECT x FROM a WHERE x IN (1, NULL);
SELECT x, x IN (1, NULL), x NOT IN (1, NULL) FROM a ORDER BY x NULLS LAST;
SELECT x FROM a WHERE x IN (SELECT x FROM b);
SELECT x FROM a WHERE x NOT IN (SELECT x FROM b);
SELECT x FROM a WHERE x NOT IN (SELECT x FROM b WHERE x IS NOT NULL);
-- NULL NOT IN (nothing) is true.
SELECT x FROM a WHERE x NOT IN (SELECT x FROM b WHERE false);
SELECT x FROM a WHERE x IN (SELECT x FROM b WHERE false);
SELECT y FROM a WHERE NOT (x IN (SELECT x FROM b WHERE x = 1));
SELECT x, x IN (SELECT x FROM b) FROM a ORDER BY x NULLS LAST;
SELECT x, x NOT IN (SELECT x FROM b WHERE x IS NOT NULL) FROM a ORDER BY x NULLS LAST;
SELECT x, x IN (SELECT x FROM b WHERE false) FROM a ORDER BY x NULLS LAST;
SELECT x FROM a WHERE EXISTS (SELECT 1 FROM b WHERE b.x = a.x);
SELECT y FROM a WHERE NOT EXISTS (SELECT 1 FROM b WHERE b.x = a.x);
SELECT x FROM a WHERE EXISTS (SELECT 1 FROM b WHERE b.x = a.x AND b.z > a.y);
SELECT y FROM a WHERE EXISTS (SELECT 1 FROM b WHERE false);
SELECT count(*) FROM a WHERE EXISTS (SELECT NULL FROM b);
SELECT x, EXISTS (SELECT 1 FROM b WHERE b.x = a.x) FROM a ORDER BY x NULLS LAST;
SELECT x FROM a WHERE x = (SELECT max(x) FROM b);
SELECT x, (SELECT max(z) FROM b WHERE b.x = a.x) FROM a ORDER BY x NULLS LAST;
-- A count of no rows is zero, not NULL.
SELECT x, (SELECT count(*) FROM b WHERE b.x = a.x) FROM a ORDER BY x NULLS LAST;
SELECT x, (SELECT sum(z) FROM b WHERE b.x = a.x) FROM a ORDER BY x NULLS LAST;
SELECT x, (SELECT coalesce(sum(z), -1) FROM b WHERE b.x = a.x) FROM a ORDER BY x NULLS LAST;
SELECT x FROM a WHERE y > (SELECT avg(z) FROM b WHERE b.x = a.x);
SELECT x FROM a WHERE (SELECT count(*) FROM b WHERE b.x = a.x) = 0;
SELECT x FROM a WHERE (SELECT count(*) FROM b WHERE b.x = a.x) > 1;
SELECT y FROM a WHERE y > ALL (SELECT z FROM b WHERE z < 16);
SELECT y FROM a WHERE y > ANY (SELECT z FROM b WHERE z > 10);
SELECT y FROM a WHERE y = ANY (SELECT z FROM b);
-- error: (?i)more than one row|multiple rows|returned more|scalar subquery
SELECT (SELECT z FROM b);
SELECT (SELECT z FROM b WHERE z = 15) + 1;
-- differs: IN (subquery) compares one column: spell pairs as EXISTS
-- sluice error: (?i)column
SELECT x FROM a WHERE (x, y) IN (SELECT 1, 10);
SELECT x FROM a WHERE (x, y) IN ((1, 10), (2, 21));
SELECT x FROM a WHERE x IN (SELECT x FROM b WHERE b.z < a.y);
SELECT x FROM a WHERE x IN (SELECT x FROM b GROUP BY x HAVING count(*) > 1);
SELECT s.x, s.n FROM (SELECT x, count(*) AS n FROM b GROUP BY x) AS s WHERE s.n > 1;
SELECT x, y FROM a WHERE y = (SELECT max(y) FROM a);
SELECT x FROM a WHERE x IN (1, 2) AND x NOT IN (SELECT x FROM b WHERE x IS NOT NULL);
SELECT x FROM a WHERE x IN (SELECT x FROM b) OR y = 20;
SELECT x FROM a WHERE EXISTS (SELECT 1 FROM b WHERE b.x = a.x) OR y = 20;
SELECT CASE WHEN EXISTS (SELECT 1 FROM b WHERE z > 100) THEN 'yes' ELSE 'no' END;
-- differs: a correlated scalar subquery is tied to its row by equalities and stands in SELECT, WHERE or an aggregate
-- sluice error: .
SELECT x FROM a ORDER BY (SELECT count(*) FROM b WHERE b.x = a.x) DESC, x NULLS LAST;
SELECT t.x, u.m FROM a AS t, LATERAL (SELECT max(z) AS m FROM b WHERE b.x = t.x) AS u ORDER BY t.x NULLS LAST;
SELECT t.x, u.z FROM a AS t CROSS JOIN LATERAL (SELECT z FROM b WHERE b.x = t.x) AS u;
SELECT t.x, u.z FROM a AS t LEFT JOIN LATERAL (SELECT z FROM b WHERE b.x = t.x) AS u ON true;
-- differs: a LATERAL subquery of a table is joined by equalities: no LIMIT inside
-- sluice error: .
SELECT t.x, u.z FROM a AS t, LATERAL (SELECT z FROM b WHERE b.x = t.x ORDER BY z DESC LIMIT 1) AS u;
SELECT t.x, u.w FROM a AS t, LATERAL (SELECT t.x + 1 AS w) AS u ORDER BY t.x NULLS LAST;
SELECT x FROM a WHERE x IN (0, 1, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33);
SELECT x FROM a WHERE x NOT IN (0, 1, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33);
SELECT x FROM (VALUES ('a'), ('b'), (NULL)) AS t(x) WHERE x IN ('b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', NULL);
SELECT count(*) FROM generate_series(1, 1000) AS g(v) WHERE v IN (SELECT v * 7 FROM generate_series(1, 1000) AS h(v));
SELECT x FROM (VALUES (1), (2), (3), (NULL)) AS t(x) WHERE x NOT IN (SELECT x FROM b) OR x = 2;
SELECT x FROM (VALUES (1), (2), (NULL)) AS t(x) WHERE (x IN (SELECT x FROM b)) IS NULL;
SELECT x FROM (VALUES (1), (2), (NULL)) AS t(x) WHERE coalesce(x IN (SELECT x FROM b), true);
SELECT x FROM (VALUES (1), (2), (NULL)) AS t(x) WHERE x IN (SELECT x FROM b) IS NOT TRUE;
SELECT x FROM (VALUES (1), (2)) AS t(x) WHERE CASE WHEN x IN (SELECT x FROM b WHERE x = 1) THEN false ELSE true END;
SELECT x FROM (VALUES (1), (2), (NULL)) AS t(x) WHERE x NOT IN (SELECT b.x FROM b WHERE b.z = t.x * 5);
-- NOT IN that refers to the outer row knows NULL of the rows that belong to it, and no rows at all.
CREATE TABLE nl AS SELECT * FROM (VALUES (1, 1), (2, 1), (NULL, 1), (1, 2), (NULL, 2), (3, 3), (NULL, 4), (NULL, NULL), (5, NULL)) AS t(x, g);
CREATE TABLE nr AS SELECT * FROM (VALUES (1, 1), (3, 1), (2, 2), (NULL, 2), (NULL, 3)) AS t(x, g);
SELECT x, g FROM nl WHERE x NOT IN (SELECT nr.x FROM nr WHERE nr.g = nl.g);
SELECT x, g FROM nl WHERE x NOT IN (SELECT x FROM nr WHERE nr.g < nl.g);
SELECT x, g FROM nl WHERE x NOT IN (SELECT x FROM nr WHERE nr.g = nl.g AND x IS NOT NULL);
SELECT x, g FROM nl WHERE x NOT IN (SELECT r.x FROM (SELECT x, g FROM nr WHERE x > 0) AS r WHERE r.g = nl.g) AND g < 3;
SELECT x, g FROM nl WHERE NOT (x IN (SELECT nr.x FROM nr WHERE nr.g = nl.g));
SELECT x, g FROM nl WHERE x + 1 NOT IN (SELECT nr.x FROM nr WHERE nr.g = nl.g);
SELECT x, g FROM nl WHERE 1 NOT IN (SELECT nr.x FROM nr WHERE nr.g = nl.g);
SELECT x, g FROM nl WHERE x NOT IN (SELECT nr.x FROM nr JOIN nr AS s ON nr.x = s.x WHERE nr.g = nl.g);
SELECT g, count(*) FROM nl GROUP BY g HAVING g NOT IN (SELECT nr.x FROM nr WHERE nr.g = nl.g);
SELECT x, g FROM nl WHERE x NOT IN (SELECT nr.x FROM nr WHERE nr.g = nl.g AND nr.x NOT IN (SELECT s.x FROM nr AS s WHERE s.g > nr.g));
-- An aggregate without GROUP BY always has a row, so EXISTS is true.
SELECT x FROM (VALUES (1), (2), (3)) AS t(x) WHERE EXISTS (SELECT count(*) FROM b WHERE b.x = t.x);
SELECT x FROM (VALUES (1), (2), (3)) AS t(x) WHERE EXISTS (SELECT 1 FROM b WHERE b.x < t.x);
SELECT x FROM (VALUES (1), (2), (3)) AS t(x) WHERE NOT EXISTS (SELECT 1 FROM b WHERE b.x < t.x);
SELECT x FROM (VALUES (1), (2), (3)) AS t(x) WHERE EXISTS (SELECT 1 FROM b WHERE b.x = t.x LIMIT 0);
SELECT x FROM (VALUES (1), (2), (3)) AS t(x) WHERE EXISTS (SELECT 1 FROM b WHERE b.x = t.x GROUP BY b.x HAVING count(*) > 1);
SELECT x, (SELECT count(*) + 1 FROM b WHERE b.x = t.x) FROM (VALUES (1), (2), (3)) AS t(x);
SELECT x, (SELECT CASE WHEN count(*) = 0 THEN 'none' ELSE 'some' END FROM b WHERE b.x = t.x) FROM (VALUES (1), (2), (3)) AS t(x);
SELECT x FROM (VALUES (1), (NULL)) AS t(x) WHERE x > ALL (SELECT z FROM b WHERE z < 0);
SELECT x FROM (VALUES (1), (2)) AS t(x) WHERE x <> ANY (SELECT x FROM b WHERE x = 1);

SELECT x FROM (VALUES (1), (2), (NULL)) AS t(x) WHERE NOT (x IN (SELECT x FROM b));
SELECT x, CASE WHEN x NOT IN (SELECT x FROM b WHERE x IS NOT NULL) THEN 'out' ELSE 'in' END FROM (VALUES (1), (2), (NULL)) AS t(x);
SELECT x FROM (VALUES (1), (2), (NULL)) AS t(x) WHERE (x IN (SELECT x FROM b) OR x = 2) AND NOT (x IN (SELECT x FROM b WHERE x > 1 AND x IS NOT NULL) AND x > 0);
SELECT 1 IN (SELECT x FROM b), 7 IN (SELECT x FROM b WHERE false), NULL IN (SELECT x FROM b WHERE false);
SELECT x, EXISTS (SELECT max(x) FROM b WHERE false) FROM (VALUES (1)) AS t(x);
SELECT x, x + 1 IN (SELECT x * 1 FROM b WHERE x IS NOT NULL) FROM (VALUES (0), (1), (2)) AS t(x);
