-- case: statements that move no data
-- dialect: databricks
USE SCHEMA gold;
SET spark.sql.shuffle.partitions = 200;
OPTIMIZE gold.t ZORDER BY (id);
VACUUM gold.t RETAIN 168 HOURS;
ANALYZE TABLE gold.t COMPUTE STATISTICS FOR ALL COLUMNS;
MSCK REPAIR TABLE gold.t;
REFRESH TABLE gold.t;
DESCRIBE HISTORY gold.t;
ALTER TABLE gold.t SET TBLPROPERTIES ('a' = 'b; c');
ALTER TABLE gold.t ADD COLUMNS (x INT COMMENT 'y');
GRANT SELECT ON TABLE gold.t TO `group`;
CREATE SCHEMA IF NOT EXISTS main.gold;
;;;
===
-- case: struct star of a declared type
-- dialect: databricks
-- schema: bronze.cdc(key, after STRUCT<id BIGINT, email STRING>)
SELECT key, after.* FROM bronze.cdc
;;;
.key <- bronze.cdc.key IDENTITY plain
.id <- bronze.cdc.after.id IDENTITY plain
.email <- bronze.cdc.after.email IDENTITY plain
columns: key, id, email
===
-- case: INSERT with a column list and VALUES of expressions
-- dialect: spark
INSERT INTO logs (msg, n) VALUES (concat('a', 'b'), 1 + 2), ('c', NULL)
;;;
outputs: logs
===
-- case: inline table and default column names
-- dialect: spark
SELECT v.col1 AS k, t.x FROM VALUES (1, 'a'), (2, 'b') AS v JOIN raw.t t ON t.id = v.col1
;;;
.x <- raw.t.x IDENTITY plain
* <- raw.t.id JOIN
===
-- case: natural full join and union by position
-- dialect: spark
-- schema: a(id, x); b(id, y)
SELECT * FROM a NATURAL FULL OUTER JOIN b UNION SELECT id, y, x FROM c
;;;
.id <- a.id IDENTITY plain
.id <- b.id IDENTITY plain
.id <- c.id IDENTITY plain
.x <- a.x IDENTITY plain
.x <- c.y IDENTITY plain
.y <- b.y IDENTITY plain
.y <- c.x IDENTITY plain
* <- a.id JOIN
* <- b.id JOIN
* <- a.id GROUP_BY
* <- b.id GROUP_BY
* <- c.id GROUP_BY
* <- a.x GROUP_BY
* <- c.y GROUP_BY
* <- b.y GROUP_BY
* <- c.x GROUP_BY
===
-- case: cache, then view upon view
-- dialect: spark
CREATE OR REPLACE TEMP VIEW a AS SELECT id, md5(email) AS h FROM raw.u;
CREATE OR REPLACE GLOBAL TEMPORARY VIEW b AS SELECT id, substr(h, 1, 8) AS short FROM a WHERE h IS NOT NULL;
CREATE TABLE gold.h AS SELECT * FROM global_temp.b;
;;;
gold.h.id <- raw.u.id IDENTITY plain
gold.h.short <- raw.u.email TRANSFORMATION pseudonymised
gold.h <- raw.u.email FILTER
inputs: raw.u
outputs: gold.h
===
-- case: FROM first
-- dialect: spark
FROM raw.t SELECT id, upper(name) AS name WHERE active
;;;
.id <- raw.t.id IDENTITY plain
.name <- raw.t.name TRANSFORMATION plain
* <- raw.t.active FILTER
===
-- case: IDENTIFIER clause with a constant
-- dialect: databricks
SELECT id FROM IDENTIFIER('main.raw.t') WHERE IDENTIFIER('active')
;;;
.id <- main.raw.t.id IDENTITY plain
* <- main.raw.t.active FILTER
===
-- case: map and array constructors, aggregated
-- dialect: spark
SELECT id, map_from_entries(collect_list(struct(k, v))) AS m, array_sort(collect_set(t)) AS ts, first(x, true) AS fx FROM raw.t GROUP BY id
;;;
.id <- raw.t.id IDENTITY plain
.m <- raw.t.k AGGREGATION plain
.m <- raw.t.v AGGREGATION plain
.ts <- raw.t.t AGGREGATION plain
.fx <- raw.t.x AGGREGATION plain
* <- raw.t.id GROUP_BY
===
-- case: range join with hints and a cross join
-- dialect: spark
SELECT /*+ RANGE_JOIN(p, 10), BROADCAST(p) */ e.id, p.name, c.k FROM events e JOIN periods p ON e.ts BETWEEN p.start AND p.end CROSS JOIN consts c
;;;
.id <- events.id IDENTITY plain
.name <- periods.name IDENTITY plain
.k <- consts.k IDENTITY plain
* <- events.ts JOIN
* <- periods.start JOIN
* <- periods.end JOIN
===
-- case: decode, nvl2 and nullif
-- dialect: spark
SELECT decode(kind, 1, a, 2, b, c) AS d, nvl2(x, y, z) AS n, nullif(p, q) AS u, if(ok, 1, 0) AS flag FROM t
;;;
.d <- t.kind CONDITIONAL
.d <- t.a TRANSFORMATION plain
.d <- t.b TRANSFORMATION plain
.d <- t.c TRANSFORMATION plain
.n <- t.x CONDITIONAL
.n <- t.y TRANSFORMATION plain
.n <- t.z TRANSFORMATION plain
.u <- t.p TRANSFORMATION plain
.u <- t.p CONDITIONAL
.u <- t.q CONDITIONAL
.flag <- t.ok CONDITIONAL
===
-- case: SQL scripting in Databricks
-- dialect: databricks
BEGIN
  DECLARE cutoff DATE DEFAULT current_date();
  CREATE OR REPLACE TEMPORARY VIEW recent AS SELECT id, v FROM raw.t WHERE day >= cutoff;
  INSERT INTO gold.t (id, v) SELECT id, v FROM recent;
END
;;;
gold.t.id <- raw.t.id IDENTITY plain
gold.t.v <- raw.t.v IDENTITY plain
gold.t <- raw.t.day FILTER
===
-- case: Delta table by path
-- dialect: databricks
MERGE INTO delta.`abfss://c@acc.dfs.core.windows.net/t` AS t USING stage AS s ON t.id = s.id WHEN MATCHED THEN UPDATE SET v = s.v
;;;
abfss://c@acc.dfs.core.windows.net/t.v <- stage.v IDENTITY plain
abfss://c@acc.dfs.core.windows.net/t <- abfss://c@acc.dfs.core.windows.net/t.id JOIN
abfss://c@acc.dfs.core.windows.net/t <- stage.id JOIN
===
-- case: positional columns of a CTE and an ORDER BY position
-- dialect: spark
WITH c (k, total) AS (SELECT country, sum(x) FROM raw.t GROUP BY 1) SELECT k, total FROM c ORDER BY 2 DESC LIMIT 5
;;;
.k <- raw.t.country IDENTITY plain
.total <- raw.t.x AGGREGATION aggregated
* <- raw.t.country GROUP_BY
* <- raw.t.x SORT
===
-- case: INSERT of a whole table
-- dialect: spark
INSERT INTO gold.t TABLE silver.t
;;;
gold.t.* <- silver.t.* IDENTITY plain
===
-- case: change data feed of a table
-- dialect: databricks
SELECT id, _change_type AS op FROM table_changes('silver.t', 2, 5) WHERE _change_type <> 'update_preimage'
;;;
.id <- silver.t.id IDENTITY plain
.op <- silver.t._change_type IDENTITY plain
* <- silver.t._change_type FILTER
===
-- case: dynamic partition behind a column list
-- dialect: spark
INSERT OVERWRITE gold.t PARTITION (d) (a, b) SELECT x, y, z FROM silver.t
;;;
gold.t.a <- silver.t.x IDENTITY plain
gold.t.b <- silver.t.y IDENTITY plain
gold.t.d <- silver.t.z IDENTITY plain
===
-- case: paths of a variant
-- dialect: databricks
SELECT variant_get(v, '$.a.b', 'int') AS x, try_variant_get(v, '$.c', 'string') AS y FROM raw.t
;;;
.x <- raw.t.v TRANSFORMATION plain @a.b
.y <- raw.t.v TRANSFORMATION plain @c
===
-- case: view over a file
-- dialect: spark
CREATE OR REPLACE TEMPORARY VIEW v USING csv OPTIONS (path '/lake/x.csv', header 'true');
INSERT INTO gold.t (id) SELECT id FROM v;
;;;
gold.t.id <- /lake/x.csv.id IDENTITY plain
inputs: /lake/x.csv
===
-- case: script transformation
-- dialect: hive
SELECT TRANSFORM (a, b) USING 'python x.py' AS (c, d) FROM t
;;;
.c <- t.a TRANSFORMATION unknown
.c <- t.b TRANSFORMATION unknown
.d <- t.a TRANSFORMATION unknown
.d <- t.b TRANSFORMATION unknown
===
-- case: lambda parameter called like a source
-- dialect: databricks
-- schema: t(l, a)
SELECT transform(l, x -> x.a) AS o FROM t AS x
;;;
.o <- t.l TRANSFORMATION plain
===
