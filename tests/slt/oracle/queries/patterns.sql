-- LIKE, ILIKE, SIMILAR TO and regular expressions.

SELECT 'abc' LIKE 'a%', 'abc' LIKE '_b_', 'abc' LIKE 'A%', 'abc' LIKE '', '' LIKE '%', '' LIKE '';
SELECT '北京市' LIKE '北__', '北京市' LIKE '%京%', '😀' LIKE '_';
SELECT 'abc' NOT LIKE 'a%', NOT 'abc' LIKE 'b%';
SELECT NULL LIKE 'a', 'a' LIKE NULL;
SELECT 'ABC' ILIKE 'a%', 'ABC' ILIKE '_B_', 'ABC' NOT ILIKE 'x%';
SELECT 'GRÖSSE' ILIKE 'grö%';
SELECT '10%' LIKE '10\%' ESCAPE '\', '100' LIKE '10\%' ESCAPE '\';
-- differs: the escape character of LIKE can only be the backslash
-- sluice error: (?i)escape
SELECT 'a_b' LIKE 'a$_b' ESCAPE '$', 'axb' LIKE 'a$_b' ESCAPE '$';
SELECT 'a.b' LIKE 'a.b', 'axb' LIKE 'a.b', 'a*b' LIKE 'a*b', 'aab' LIKE 'a*b';
SELECT E'a\nb' LIKE 'a%b', E'a\nb' LIKE 'a_b';
SELECT x FROM (VALUES ('apple'), ('Apricot'), (NULL), ('banana')) AS t(x) WHERE x LIKE 'a%' OR x LIKE 'b%';
SELECT x FROM (VALUES ('apple'), ('Apricot'), (NULL), ('banana')) AS t(x) WHERE x NOT LIKE 'a%';
SELECT x FROM (VALUES ('apple'), ('Apricot'), (NULL), ('banana')) AS t(x) WHERE x ILIKE 'AP%';
SELECT x LIKE p FROM (VALUES ('abc', 'a%'), ('abc', '%b'), ('abc', NULL)) AS t(x, p);
SELECT regexp_replace('abcabc', 'b', 'X'), regexp_replace('abcabc', 'b', 'X', 'g');
-- duckdb: SELECT regexp_replace('2026-01-31', '(\d+)-(\d+)-(\d+)', '\3.\2.\1')
SELECT regexp_replace('2026-01-31', '(\d+)-(\d+)-(\d+)', '$3.$2.$1');
-- duckdb: SELECT regexp_matches('abc', 'b'), regexp_matches('abc', '^b'), regexp_matches('ABC', 'b', 'i')
SELECT regexp_like('abc', 'b'), regexp_like('abc', '^b'), regexp_like('ABC', 'b', 'i');
-- duckdb: SELECT regexp_matches('北京市', '^.{3}$')
SELECT regexp_like('北京市', '^.{3}$');
-- duckdb: SELECT regexp_matches('abc', 'B'), regexp_matches('abc', 'z')
SELECT 'abc' ~ 'B', 'abc' ~ 'z';
-- duckdb: SELECT regexp_matches('abc', 'B', 'i'), NOT regexp_matches('abc', 'b')
SELECT 'abc' ~* 'B', 'abc' !~ 'b';
-- duckdb: SELECT len(regexp_extract_all('a1b22c333', '\d+'))
SELECT regexp_count('a1b22c333', '\d+');
SELECT 'abc' SIMILAR TO 'a(b|x)c', 'abcd' SIMILAR TO 'a(b|x)c';
-- duckdb: SELECT regexp_matches(NULL::VARCHAR, 'a')
SELECT regexp_like(CAST(NULL AS VARCHAR), 'a');
-- error: (?i)regex|parse|missing|parenthes|group
SELECT regexp_replace('abc', '(', 'x');
-- differs: the backslash escapes in LIKE without being named, as in PostgreSQL; DuckDB has no escape unless named
-- sluice: a%c
SELECT x FROM (VALUES ('a%c'), ('abc')) AS t(x) WHERE x LIKE 'a\%c';
SELECT x FROM (VALUES (''), ('a'), (NULL)) AS t(x) WHERE x LIKE '%';
SELECT x FROM (VALUES (''), ('a'), (NULL)) AS t(x) WHERE x NOT LIKE '%';
-- duckdb: SELECT x FROM (VALUES ('a'), ('b'), ('ab'), (NULL)) AS t(x) WHERE regexp_matches(x, '^(a|b)$')
SELECT x FROM (VALUES ('a'), ('b'), ('ab'), (NULL)) AS t(x) WHERE x ~ '^(a|b)$';

-- differs: `%` and `_` are wildcards of SIMILAR TO, as in PostgreSQL; DuckDB takes regular expressions only
-- sluice: true | true | false
SELECT 'abc' SIMILAR TO 'a%', 'abc' SIMILAR TO 'a_c', 'abc' SIMILAR TO '_c';
SELECT 'abc' NOT SIMILAR TO 'ab', CAST(NULL AS VARCHAR) SIMILAR TO 'a';
