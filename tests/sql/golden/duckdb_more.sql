-- case: insert or replace
-- dialect: duckdb
-- schema: kv(k, v, at)
INSERT OR REPLACE INTO kv SELECT key, value, now() FROM incoming WHERE value IS NOT NULL
;;;
kv.k <- incoming.key IDENTITY plain
kv.v <- incoming.value IDENTITY plain
kv <- incoming.value FILTER
===
-- case: insert from a file without a select list
-- dialect: duckdb
-- schema: events(id, kind)
INSERT INTO events SELECT * FROM read_parquet(['a/1.parquet', 'a/2.parquet'])
;;;
events.* <- a/1.parquet.* IDENTITY plain
events.* <- a/2.parquet.* IDENTITY plain
outputs: events
===
-- case: copy from csv
-- dialect: duckdb
COPY people (id, name) FROM 'in/people.csv' (HEADER)
;;;
people.id <- in/people.csv.id IDENTITY plain
people.name <- in/people.csv.name IDENTITY plain
inputs: in/people.csv
outputs: people
===
-- case: create view over hive partitions
-- dialect: duckdb
CREATE VIEW logs AS SELECT * FROM read_json_auto('s3://b/logs/*/*.json', filename = true) WHERE level = 'error'
;;;
logs.* <- s3://b/logs/*/*.json.* IDENTITY plain
logs <- s3://b/logs/*/*.json.level FILTER
===
-- case: range table and unnest struct
-- dialect: duckdb
-- schema: carts(id, items)
SELECT c.id, u.sku AS sku, n.range AS n
FROM carts c, unnest(c.items) AS t(u), range(3) AS n
;;;
.id <- carts.id IDENTITY plain
.sku <- carts.items.sku TRANSFORMATION plain
===
-- case: dot chained functions
-- dialect: duckdb
SELECT email.lower().split_part('@', 2) AS domain, name.upper() AS up FROM people
;;;
.domain <- people.email TRANSFORMATION plain
.up <- people.name TRANSFORMATION plain
===
-- case: summarise over a window frame with exclude and ignore nulls
-- dialect: duckdb
SELECT ts, last_value(temp IGNORE NULLS) OVER (PARTITION BY sensor ORDER BY ts ROWS UNBOUNDED PRECEDING EXCLUDE CURRENT ROW) AS filled FROM readings
;;;
.ts <- readings.ts IDENTITY plain
.filled <- readings.temp AGGREGATION plain
.filled <- readings.sensor WINDOW
.filled <- readings.ts WINDOW
===
-- case: full pipeline with files
-- dialect: duckdb
SET memory_limit = '4GB';
INSTALL httpfs; LOAD httpfs;
ATTACH 'crm.db' AS crm (READ_ONLY);

CREATE TEMP TABLE leads AS
SELECT id, trim(lower("E-Mail")) AS email, try_cast(score AS INTEGER) AS score, coalesce(nullif(src, ''), 'web') AS src
FROM read_csv('drop/leads_*.csv', delim = ';', header = true, union_by_name = true)
WHERE "E-Mail" LIKE '%@%';

DELETE FROM leads WHERE email IN (SELECT email FROM crm.main.optouts);

COPY (
  SELECT l.id,
         hash(l.email) AS email_key,
         l.score,
         c.account_name,
         row_number() OVER (PARTITION BY l.src ORDER BY l.score DESC) AS pos
  FROM leads l
  LEFT JOIN crm.main.contacts c USING (email)
  QUALIFY pos <= 100
  ORDER BY l.src
) TO 'out/leads.parquet' (FORMAT parquet, COMPRESSION zstd);
;;;
out/leads.parquet.id <- drop/leads_*.csv.id IDENTITY plain
out/leads.parquet.email_key <- drop/leads_*.csv.e-mail TRANSFORMATION pseudonymised
out/leads.parquet.score <- drop/leads_*.csv.score TRANSFORMATION plain
out/leads.parquet.account_name <- crm.main.contacts.account_name IDENTITY plain
out/leads.parquet.pos <- drop/leads_*.csv.src WINDOW
out/leads.parquet.pos <- drop/leads_*.csv.score WINDOW
out/leads.parquet <- drop/leads_*.csv.e-mail FILTER
out/leads.parquet <- crm.main.optouts.email FILTER
out/leads.parquet <- drop/leads_*.csv.e-mail JOIN
out/leads.parquet <- crm.main.contacts.email JOIN
out/leads.parquet <- drop/leads_*.csv.src FILTER
out/leads.parquet <- drop/leads_*.csv.score FILTER
out/leads.parquet <- drop/leads_*.csv.src SORT
outputs: out/leads.parquet
===
-- case: lambda parameter called like a source that lists the field
-- dialect: duckdb
-- schema: t(e, ord)
SELECT list_transform([x.e], LAMBDA x : x.ord) AS o FROM t AS x
;;;
.o <- t.e TRANSFORMATION plain
.o <- t.ord TRANSFORMATION plain
===
-- case: natural join with a table that is not known
-- dialect: duckdb
-- schema: a(id, x)
-- problems: 1
SELECT x FROM b NATURAL LEFT JOIN a
;;;
.x <- a.x IDENTITY plain
.x <- .x IDENTITY plain
* <- a.id JOIN
* <- a.x JOIN
* <- b.* JOIN
inputs: a, b
===
-- case: recursive query called like the table it starts from
-- dialect: duckdb
WITH RECURSIVE t AS (SELECT b AS a FROM t UNION ALL SELECT a + 1 FROM t WHERE a < 5) SELECT a FROM t
;;;
.a <- t.b IDENTITY plain
.a <- t.b TRANSFORMATION plain
* <- t.b FILTER
inputs: t
===
-- case: lambda parameter called like a source that is not known
-- dialect: duckdb
-- problems: 1
SELECT list_transform(x.l, LAMBDA x : x.ord) AS o FROM t AS x
;;;
.o <- t.l TRANSFORMATION plain
.o <- .ord TRANSFORMATION plain
===
-- case: COLUMNS in a query inside a projection
-- dialect: duckdb
-- schema: t(a, b); u(a, c)
SELECT a > ANY (SELECT COLUMNS('^a$') FROM u) AS o FROM t
;;;
.o <- t.a TRANSFORMATION derived
.o <- u.a TRANSFORMATION derived
columns: o
===
