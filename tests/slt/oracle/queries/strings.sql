-- Text functions, above all on text that is not ASCII.

CREATE TABLE s AS SELECT * FROM (VALUES (1, 'Hello'), (2, '北京市'), (3, 'Größe'), (4, ''), (5, NULL), (6, '😀 ok'), (7, '  trim  ')) AS t(id, s);

SELECT id, s FROM s ORDER BY id;
-- duckdb: SELECT id, length(s), strlen(s) FROM s ORDER BY id
SELECT id, length(s), octet_length(s) FROM s ORDER BY id;
SELECT id, char_length(s) FROM s ORDER BY id;
SELECT id, upper(s), lower(s) FROM s WHERE id IN (1, 2, 6) ORDER BY id;
SELECT lower('ÄÖÜ'), upper('äöü');
SELECT id, reverse(s) FROM s WHERE id IN (1, 2, 3) ORDER BY id;
SELECT id, substr(s, 2) FROM s ORDER BY id;
SELECT id, substr(s, 2, 1) FROM s ORDER BY id;
SELECT substring('北京市' FROM 2 FOR 1), substring('Größe' FROM 3);
SELECT substr('hello', 0, 3), substr('hello', 10), substr('hello', 1, 0);
SELECT left('北京市', 2), right('北京市', 2), left('ab', 5), left('', 1);
SELECT left('hello', -2), right('hello', -2);
SELECT lpad('京', 3, '北'), rpad('a', 4, 'xy'), lpad('hello', 2, 'x');
SELECT '[' || trim(s) || ']' FROM s WHERE id = 7;
SELECT '[' || ltrim(s) || ']', '[' || rtrim(s) || ']' FROM s WHERE id = 7;
SELECT trim(BOTH 'x' FROM 'xxaxx'), trim(LEADING 'x' FROM 'xxaxx'), trim(TRAILING 'x' FROM 'xxaxx');
-- duckdb: SELECT trim('xyaxy', 'xy')
SELECT btrim('xyaxy', 'xy');
SELECT replace('北京市北京', '北京', 'BJ'), replace('abc', '', 'x'), replace('aaa', 'a', '');
SELECT strpos('北京市', '市'), strpos('abc', 'z'), strpos('abc', '');
SELECT position('市' IN '北京市');
SELECT s || '!' FROM s ORDER BY id;
SELECT concat(s, '-', id) FROM s ORDER BY id;
SELECT concat('a', NULL, 'b'), concat_ws(',', 'a', NULL, 'b'), concat_ws(',', NULL, '');
SELECT 'a' || NULL;
SELECT 'a' || 1, 'n=' || 1.5::DOUBLE;
SELECT repeat('北', 3), repeat('x', 0);
SELECT split_part('a,b,c', ',', 2), split_part('a,b,c', ',', 9), split_part('a,b,c', ',', -1);
SELECT ascii('a'), ascii('北'), chr(97), chr(21271);
SELECT starts_with('北京市', '北'), starts_with('abc', '');
SELECT ends_with('北京市', '市'), contains('北京市', '京');
SELECT translate('12345', '143', 'ax');
-- duckdb: SELECT 'Hello World'
SELECT initcap('hello world');
SELECT md5('北京');
-- duckdb: SELECT sha256('a')
SELECT encode(sha256('a'), 'hex');
-- duckdb: SELECT lower(hex('北'))
SELECT encode('北', 'hex');
SELECT levenshtein('kitten', 'sitting');
SELECT s FROM s WHERE s > 'H' ORDER BY s;
-- Text is compared by its bytes, not by a locale.
SELECT x FROM (VALUES ('b'), ('B'), ('a'), ('ä'), ('z'), ('Z'), ('10'), ('9')) AS t(x) ORDER BY x;
SELECT x FROM (VALUES ('北'), ('京'), ('😀'), ('é'), ('~')) AS t(x) ORDER BY x;
-- The same letter composed and decomposed are two texts.
SELECT 'é' = 'é';
SELECT '' = '', '' IS NULL, length('');
SELECT 'a' = 'a ', 'a' < 'a ';
SELECT min(s), max(s) FROM s;
SELECT 'it''s', 'a"b', 'back\slash';
SELECT E'tab\there', E'new\nline';
SELECT '  lead', 'trail  ';
SELECT 'NULL', '(empty)', NULL, '';
SELECT CAST(123 AS VARCHAR), CAST(true AS VARCHAR), CAST(-1.5::DOUBLE AS VARCHAR);
SELECT CAST('  42  ' AS INTEGER);
SELECT string_agg(s, '|' ORDER BY id) FROM s WHERE id < 4;
SELECT nullif(s, '') FROM s WHERE id IN (1, 4, 5) ORDER BY id;
SELECT coalesce(s, 'none') FROM s WHERE id IN (1, 4, 5) ORDER BY id;
SELECT greatest('a', 'b'), least('b', 'a', NULL);
-- differs: `substr` counts places before the first one, as in PostgreSQL; DuckDB counts them from the end
-- sluice: h
SELECT substr('hello', -1, 3);
-- differs: `split_part` by nothing gives the whole text, as in PostgreSQL; DuckDB splits into letters
-- sluice: abc
SELECT split_part('abc', '', 1);
-- differs: `upper` and `lower` may change the length of a text: ß becomes SS; DuckDB maps letter by letter
-- sluice: SS | 2
SELECT upper('ß'), length(upper('ß'));
SELECT lower('ΑΩ'), upper('ñandú'), lower('ÇA');
SELECT x FROM (VALUES ('abc'), ('abd'), ('xab')) AS t(x) WHERE substr(x, 1, 2) = 'ab';
SELECT x FROM (VALUES ('abc'), ('Abc')) AS t(x) WHERE lower(x) = 'abc';
