-- case: wildcard with separately quoted parts
-- dialect: bigquery
SELECT name, _TABLE_SUFFIX AS shard FROM `proj`.`logs`.`app_2024*` WHERE _TABLE_SUFFIX = '0101'
;;;
.name <- proj.logs.app_2024*.name IDENTITY plain
.shard <- proj.logs.app_2024*._table_suffix IDENTITY plain
* <- proj.logs.app_2024*._table_suffix FILTER
===
-- case: positional INSERT of a star between known tables
-- dialect: bigquery
-- schema: raw.t(a, b, c); mart.t(x, y, z)
INSERT INTO mart.t SELECT * FROM raw.t
;;;
mart.t.x <- raw.t.a IDENTITY plain
mart.t.y <- raw.t.b IDENTITY plain
mart.t.z <- raw.t.c IDENTITY plain
===
-- case: star into a known target from an unknown source
-- dialect: bigquery
-- schema: mart.t(x, y)
INSERT INTO mart.t SELECT * FROM raw.t
;;;
mart.t.* <- raw.t.* IDENTITY plain
===
-- case: array subscripts, ANY_VALUE HAVING MAX and MAX_BY
-- dialect: bigquery
SELECT id, tags[OFFSET(0)] AS first_tag, ANY_VALUE(name HAVING MAX ts) AS last_name, MAX_BY(city, ts) AS last_city FROM raw.t GROUP BY id, first_tag
;;;
.id <- raw.t.id IDENTITY plain
.first_tag <- raw.t.tags TRANSFORMATION plain
.last_name <- raw.t.name AGGREGATION plain
.last_name <- raw.t.ts CONDITIONAL
.last_city <- raw.t.city AGGREGATION plain
.last_city <- raw.t.ts AGGREGATION derived
* <- raw.t.id GROUP_BY
* <- raw.t.tags GROUP_BY
===
-- case: CTE shadows a table of the same name
-- dialect: bigquery
WITH orders AS (SELECT id, amount FROM raw.orders WHERE ok)
SELECT o.id, (WITH orders AS (SELECT 1 AS n) SELECT MAX(n) FROM orders) AS one, o.amount FROM orders o
;;;
.id <- raw.orders.id IDENTITY plain
.amount <- raw.orders.amount IDENTITY plain
* <- raw.orders.ok FILTER
columns: id, one, amount
===
-- case: an unused CTE has no influence
-- dialect: bigquery
WITH a AS (SELECT id FROM raw.a WHERE x), b AS (SELECT id FROM raw.b WHERE y) SELECT id FROM a
;;;
.id <- raw.a.id IDENTITY plain
* <- raw.a.x FILTER
===
-- case: CTE of the outer query inside a subquery
-- dialect: bigquery
WITH big AS (SELECT user_id FROM raw.orders GROUP BY user_id HAVING SUM(amount) > 100)
SELECT email FROM raw.users WHERE id IN (SELECT user_id FROM big)
;;;
.email <- raw.users.email IDENTITY plain
* <- raw.users.id FILTER
* <- raw.orders.user_id FILTER
* <- raw.orders.user_id GROUP_BY
* <- raw.orders.amount FILTER
===
-- case: INSERT from several CTEs with a union in parentheses
-- dialect: bigquery
-- schema: mart.people(id, mail)
INSERT INTO mart.people
WITH a AS (SELECT id, email FROM raw.a), b AS (SELECT uid, LOWER(mail) FROM raw.b)
(SELECT * FROM a) UNION ALL (SELECT * FROM b)
;;;
mart.people.id <- raw.a.id IDENTITY plain
mart.people.id <- raw.b.uid IDENTITY plain
mart.people.mail <- raw.a.email IDENTITY plain
mart.people.mail <- raw.b.mail TRANSFORMATION plain
===
-- case: dynamic SQL with a constant text
-- dialect: bigquery
EXECUTE IMMEDIATE "INSERT INTO mart.t (id) SELECT id FROM raw.t WHERE day = ?" USING CURRENT_DATE();
;;;
mart.t.id <- raw.t.id IDENTITY plain
mart.t <- raw.t.day FILTER
===
-- case: procedure body
-- dialect: bigquery
CREATE OR REPLACE PROCEDURE etl.load(run DATE)
BEGIN
  DECLARE rows_before INT64 DEFAULT 0;
  IF EXISTS (SELECT 1 FROM mart.t WHERE day = run) THEN
    DELETE FROM mart.t WHERE day = run;
  END IF;
  INSERT INTO mart.t (id, day) SELECT id, day FROM raw.t WHERE day = run;
END
;;;
mart.t <- mart.t.day FILTER
mart.t.id <- raw.t.id IDENTITY plain
mart.t.day <- raw.t.day IDENTITY plain
mart.t <- raw.t.day FILTER
===
-- case: functions of the script are unknown, and none of their text is SQL
-- dialect: bigquery
-- problems: 1
CREATE TEMP FUNCTION clean(x STRING) AS (LOWER(TRIM(x)));
CREATE TEMP FUNCTION js(x STRING) RETURNS STRING LANGUAGE js AS r"""
  return x ? x.replace(/'/g, "") : null; // SELECT a FROM b
""";
SELECT clean(email) AS email, js(name) AS name FROM raw.users
;;;
.email <- raw.users.email TRANSFORMATION unknown
.name <- raw.users.name TRANSFORMATION unknown
inputs: raw.users
===
-- case: your own function has a known effect
-- dialect: bigquery
-- functions: proj.sec.tokenize=pseudonymised
SELECT proj.sec.tokenize(email) AS token FROM raw.users
;;;
.token <- raw.users.email TRANSFORMATION pseudonymised
===
-- case: statements that move no data
-- problems: 1
-- dialect: bigquery
CREATE SCHEMA IF NOT EXISTS mart OPTIONS (location = 'EU');
CREATE TABLE IF NOT EXISTS mart.t (id INT64 NOT NULL OPTIONS (description = 'x'), tags ARRAY<STRUCT<k STRING, v STRING>>) PARTITION BY DATE(_PARTITIONTIME);
ALTER TABLE mart.t ADD COLUMN IF NOT EXISTS email STRING, DROP COLUMN tags;
GRANT `roles/bigquery.dataViewer` ON TABLE mart.t TO 'user:a@b.c';
CREATE ROW ACCESS POLICY p ON mart.t GRANT TO ('group:x@y.z') FILTER USING (region = 'EU');
ASSERT (SELECT COUNT(*) FROM mart.t) > 0 AS 'empty';
CALL etl.load(CURRENT_DATE());
;;;
outputs: mart.t
===
-- case: window frame, FILTER-less conditional sums and safe functions
-- dialect: bigquery
SELECT
  SAFE.PARSE_DATE('%Y', y) AS year,
  SUM(IF(kind = 'a', v, NULL)) OVER (PARTITION BY id ORDER BY UNIX_DATE(day) RANGE BETWEEN 6 PRECEDING AND CURRENT ROW) AS week_sum,
  FIRST_VALUE(v IGNORE NULLS) OVER w AS first_v,
  PERCENTILE_CONT(v, 0.5) OVER (PARTITION BY id) AS median
FROM raw.t WINDOW w AS (PARTITION BY id ORDER BY day)
;;;
.year <- raw.t.y TRANSFORMATION plain
.week_sum <- raw.t.v AGGREGATION aggregated
.week_sum <- raw.t.kind CONDITIONAL
.week_sum <- raw.t.id WINDOW
.week_sum <- raw.t.day WINDOW
.first_v <- raw.t.v AGGREGATION plain
.first_v <- raw.t.id WINDOW
.first_v <- raw.t.day WINDOW
.median <- raw.t.v AGGREGATION aggregated
.median <- raw.t.id WINDOW
===
-- case: full row to JSON
-- dialect: bigquery
-- schema: raw.t(a, b)
SELECT TO_JSON_STRING(t) AS doc, COUNT(t.a) OVER () AS n, FORMAT('%T', STRUCT(t.b)) AS txt FROM raw.t t
;;;
.doc <- raw.t.a TRANSFORMATION plain
.doc <- raw.t.b TRANSFORMATION plain
.n <- raw.t.a AGGREGATION aggregated
.txt <- raw.t.b TRANSFORMATION plain
===
-- case: anti join by LEFT JOIN and an IN over UNNEST of a parameter
-- dialect: bigquery
SELECT a.id FROM raw.a AS a LEFT JOIN raw.b AS b ON a.id = b.id WHERE b.id IS NULL AND a.kind IN UNNEST(@kinds)
;;;
.id <- raw.a.id IDENTITY plain
* <- raw.a.id JOIN
* <- raw.b.id JOIN
* <- raw.b.id FILTER
* <- raw.a.kind FILTER
===
-- case: lateral-looking alias is the source's column
-- dialect: bigquery
-- schema: raw.t(a, b)
SELECT UPPER(a) AS b, b AS c FROM raw.t ORDER BY b
;;;
.b <- raw.t.a TRANSFORMATION plain
.c <- raw.t.b IDENTITY plain
* <- raw.t.a SORT
===
-- case: recursive CTE over dates has no input
-- dialect: bigquery
WITH RECURSIVE d AS (SELECT DATE '2024-01-01' AS day UNION ALL SELECT DATE_ADD(day, INTERVAL 1 DAY) FROM d WHERE day < '2024-12-31')
SELECT d.day, COUNT(o.id) AS n FROM d LEFT JOIN raw.orders o ON DATE(o.ts) = d.day GROUP BY 1
;;;
.n <- raw.orders.id AGGREGATION aggregated
* <- raw.orders.ts JOIN
columns: day, n
===
-- case: DELETE without FROM
-- dialect: bigquery
DELETE mart.t WHERE day < '2020-01-01'
;;;
mart.t <- mart.t.day FILTER
outputs: mart.t
===
-- case: loop over the rows of a query
-- dialect: bigquery
FOR r IN (SELECT id, LOWER(mail) AS mail FROM raw.t WHERE ok) DO
  INSERT INTO mart.t (id, mail) VALUES (r.id, r.mail);
END FOR;
;;;
mart.t.id <- raw.t.id IDENTITY plain
mart.t.mail <- raw.t.mail TRANSFORMATION plain
mart.t <- raw.t.ok FILTER
===
-- case: unpivot by an array of structs
-- dialect: bigquery
SELECT id, k, v FROM raw.t, UNNEST([STRUCT('a' AS k, a AS v), ('b', b)])
;;;
.id <- raw.t.id IDENTITY plain
.v <- raw.t.a TRANSFORMATION plain
.v <- raw.t.b TRANSFORMATION plain
===
-- case: UPDATE of a struct's field
-- dialect: bigquery
UPDATE mart.t SET s.city = UPPER(s.city) WHERE id = 1
;;;
mart.t.s.city <- mart.t.s.city TRANSFORMATION plain
mart.t <- mart.t.id FILTER
===
-- case: external table over a bucket
-- dialect: bigquery
CREATE EXTERNAL TABLE raw.x (id INT64) OPTIONS (format = 'CSV', uris = ['gs://b/x/*.csv'])
;;;
raw.x.id <- gs://b/x/*.csv.id IDENTITY plain
===
-- case: field of a struct behind a temporary table
-- known: of a struct that is built in a temporary table all members are taken
-- dialect: bigquery
CREATE TEMP TABLE a AS SELECT user, STRUCT(x AS k, y AS l) AS s FROM raw.r;
CREATE TABLE mart.f AS SELECT user.email AS e, s.k AS k FROM a;
;;;
mart.f.e <- raw.r.user.email IDENTITY plain
mart.f.k <- raw.r.x IDENTITY plain
===
-- case: temporary table that is filled, changed and read twice
-- dialect: bigquery
CREATE TEMP TABLE a AS SELECT id, x FROM raw.r1;
CREATE TABLE mart.f AS SELECT id FROM a;
UPDATE a SET x = r.y FROM raw.r2 AS r WHERE r.id = a.id;
CREATE TABLE mart.g AS SELECT x FROM a;
;;;
mart.f.id <- raw.r1.id IDENTITY plain
mart.g.x <- raw.r1.x IDENTITY plain
mart.g.x <- raw.r2.y IDENTITY plain
mart.g <- raw.r1.id FILTER
mart.g <- raw.r2.id FILTER
===
-- case: whole row through the name of the table
-- dialect: bigquery
SELECT TO_JSON_STRING(users) AS j, STRUCT(users, 1 AS n) AS s, country FROM app.users
;;;
.j <- app.users.* TRANSFORMATION plain
.s <- app.users.* TRANSFORMATION plain
.country <- app.users.country IDENTITY plain
===
-- case: whole row through the name of a table whose columns are known
-- dialect: bigquery
-- schema: app.users(id, email)
SELECT ARRAY_AGG(users ORDER BY users.id DESC LIMIT 1)[OFFSET(0)].email AS e, TO_JSON_STRING(users) AS j FROM app.users
;;;
.e <- app.users.email AGGREGATION plain
.e <- app.users.id WINDOW
.j <- app.users.id TRANSFORMATION plain
.j <- app.users.email TRANSFORMATION plain
===
-- case: a column called like its table is that column
-- dialect: bigquery
-- schema: dim.country(code, country)
SELECT TO_JSON_STRING(country) AS j, country FROM dim.country
;;;
.j <- dim.country.country TRANSFORMATION plain
.country <- dim.country.country IDENTITY plain
===
-- case: outside of functions a name is a column, its table's name or not
-- dialect: bigquery
SELECT country, UPPER(country) AS u FROM dim.country
;;;
.country <- dim.country.country IDENTITY plain
.u <- dim.country.country TRANSFORMATION plain
===
-- case: variables of a script
-- dialect: bigquery
DECLARE m INT64 DEFAULT (SELECT max(x) FROM d.t);
DECLARE a, b STRING;
SET (a, b) = (SELECT AS STRUCT email, LENGTH(name) FROM d.people WHERE id = 1);
INSERT INTO d.u (m, a, b) VALUES (m, a, b);
;;;
d.u.m <- d.t.x AGGREGATION plain
d.u.a <- d.people.email TRANSFORMATION plain
d.u.b <- d.people.name TRANSFORMATION derived
d.u <- d.people.id FILTER
===
