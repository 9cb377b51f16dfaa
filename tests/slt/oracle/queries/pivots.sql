-- Columns of values, and rows of columns.

CREATE TABLE pop AS SELECT * FROM (VALUES ('A', 2020, 1, 10), ('A', 2021, 1, 20), ('B', 2020, 2, 5), ('B', 2021, 2, 7), ('B', 2021, 2, 1), ('C', 2022, 3, 9), (NULL, 2020, 1, NULL)) AS t(city, y, q, n);

SELECT * FROM pop PIVOT (sum(n) FOR y IN (2020, 2021)) ORDER BY city, q;
SELECT * FROM (SELECT city, y, n FROM pop) PIVOT (sum(n) FOR y IN (2020, 2021)) ORDER BY city;
SELECT city, "2021" FROM (SELECT city, y, n FROM pop) PIVOT (max(n) FOR y IN (2020, 2021)) AS p ORDER BY city;
SELECT * FROM (SELECT city, y, n FROM pop) PIVOT (sum(n) AS total, count(*) AS rows FOR y IN (2020, 2021)) ORDER BY city;
SELECT * FROM (SELECT city, y, n FROM pop) PIVOT (sum(n) FOR y IN (2020 AS first, 2021 AS second)) ORDER BY city;
SELECT * FROM (SELECT y, city, n FROM pop) PIVOT (sum(n) FOR city IN ('A', 'B')) ORDER BY y;
SELECT p.city, p."2020" FROM (SELECT city, y, n FROM pop) PIVOT (sum(n) FOR y IN (2020)) AS p WHERE p."2020" > 5;

CREATE TABLE wide AS SELECT * FROM (VALUES ('A', 1, 2, NULL), ('B', NULL, 4, 6)) AS t(k, jan, feb, mar);

SELECT * FROM wide UNPIVOT (n FOR month IN (jan, feb, mar)) ORDER BY k, month;
SELECT * FROM wide UNPIVOT INCLUDE NULLS (n FOR month IN (jan, feb, mar)) ORDER BY k, month;
SELECT k, sum(n) FROM wide UNPIVOT (n FOR month IN (jan, feb, mar)) AS u GROUP BY k ORDER BY k;
SELECT month, n FROM wide UNPIVOT (n FOR month IN (jan AS 'January', feb AS 'February')) ORDER BY month, n;
