-- case: partition of a table
-- dialect: postgres
-- schema: p(id, email, phone, dept); o(id, a, b, c)
CREATE TABLE q (id int, e text) PARTITION BY RANGE (id);
CREATE TABLE q1 PARTITION OF q FOR VALUES FROM (1) TO (2);
INSERT INTO q1 SELECT id, email FROM p;
;;;
q1.id <- q.id IDENTITY plain
q1.e <- q.e IDENTITY plain
q.id <- q1.id IDENTITY plain
q.e <- q1.e IDENTITY plain
q1.id <- p.id IDENTITY plain
q1.e <- p.email IDENTITY plain
===
-- case: ATTACH PARTITION
-- dialect: postgres
-- schema: p(id, email, phone, dept); o(id, a, b, c)
ALTER TABLE o ATTACH PARTITION o1 FOR VALUES FROM (1) TO (2);
;;;
o.id <- o1.id IDENTITY plain
o.a <- o1.a IDENTITY plain
o.b <- o1.b IDENTITY plain
o.c <- o1.c IDENTITY plain
o1.id <- o.id IDENTITY plain
o1.a <- o.a IDENTITY plain
o1.b <- o.b IDENTITY plain
o1.c <- o.c IDENTITY plain
===
-- case: INHERITS
-- dialect: postgres
-- schema: p(id, email, phone, dept); o(id, a, b, c)
CREATE TABLE o1 (x text) INHERITS (o);
INSERT INTO o1 SELECT id, email, phone, dept, dept FROM p;
;;;
o.id <- o1.id IDENTITY plain
o.a <- o1.a IDENTITY plain
o.b <- o1.b IDENTITY plain
o.c <- o1.c IDENTITY plain
o1.id <- p.id IDENTITY plain
o1.a <- p.email IDENTITY plain
o1.b <- p.phone IDENTITY plain
o1.c <- p.dept IDENTITY plain
o1.x <- p.dept IDENTITY plain
===
-- case: INHERIT later
-- dialect: postgres
-- schema: p(id, email, phone, dept); o(id, a, b, c)
ALTER TABLE o1 INHERIT o;
;;;
o.id <- o1.id IDENTITY plain
o.a <- o1.a IDENTITY plain
o.b <- o1.b IDENTITY plain
o.c <- o1.c IDENTITY plain
===
-- case: SET of the dynamic mode keeps other partitions
-- dialect: spark
-- schema: p(id, email, phone, dept); o(id, a, b, c)
SET spark.sql.sources.partitionOverwriteMode = dynamic;
INSERT OVERWRITE TABLE o SELECT id, email, phone, dept FROM p;
;;;
events: -
o.id <- p.id IDENTITY plain
o.a <- p.email IDENTITY plain
o.b <- p.phone IDENTITY plain
o.c <- p.dept IDENTITY plain
===
-- case: partition from another table
-- dialect: clickhouse
-- schema: p(id, email, phone, dept); o(id, a, b, c)
ALTER TABLE o ATTACH PARTITION '2024' FROM o2;
;;;
o.* <- o2.* IDENTITY plain
===
-- case: dictionary of a table
-- dialect: clickhouse
-- schema: p(id, email, phone, dept); o(id, a, b, c)
CREATE DICTIONARY d (id UInt64, email String) PRIMARY KEY id SOURCE(CLICKHOUSE(TABLE 'p' DB 'default')) LAYOUT(FLAT()) LIFETIME(300);
CREATE TABLE z ENGINE = Memory AS SELECT dictGet('d', 'email', id) AS m FROM o;
;;;
d.id <- p.id IDENTITY plain
d.email <- p.email IDENTITY plain
z.m <- d.email IDENTITY plain
z.m <- o.id CONDITIONAL
===
-- case: dictionary of a query
-- dialect: clickhouse
-- schema: p(id, email, phone, dept); o(id, a, b, c)
CREATE DICTIONARY d (id UInt64, mail String) PRIMARY KEY id SOURCE(CLICKHOUSE(QUERY 'SELECT id, email FROM p')) LAYOUT(FLAT()) LIFETIME(300);
;;;
d.id <- p.id IDENTITY plain
d.mail <- p.email IDENTITY plain
===
-- case: dictionary of another system
-- dialect: clickhouse
-- schema: p(id, email, phone, dept); o(id, a, b, c)
-- problems: 1
CREATE DICTIONARY d (id UInt64, mail String) PRIMARY KEY id SOURCE(POSTGRESQL(TABLE 'p' HOST 'h')) LAYOUT(FLAT()) LIFETIME(300);
;;;
===
-- case: UNLOAD and COPY under other names
-- dialect: redshift
-- schema: p(id, email, phone, dept); o(id, a, b, c)
UNLOAD ('SELECT id, email, phone, dept FROM p') TO 's3://b/x/' IAM_ROLE 'r';
COPY o FROM 's3://b/x/' IAM_ROLE 'r';
;;;
s3://b/x/.id <- p.id IDENTITY plain
s3://b/x/.email <- p.email IDENTITY plain
s3://b/x/.phone <- p.phone IDENTITY plain
s3://b/x/.dept <- p.dept IDENTITY plain
o.id <- s3://b/x/.id IDENTITY plain
o.a <- s3://b/x/.email IDENTITY plain
o.b <- s3://b/x/.phone IDENTITY plain
o.c <- s3://b/x/.dept IDENTITY plain
===
-- case: UNLOAD and COPY of a part file
-- dialect: redshift
-- schema: p(id, email, phone, dept); o(id, a, b, c)
UNLOAD ('SELECT id, email FROM p') TO 's3://b/x/p_' IAM_ROLE 'r';
COPY o (id, b) FROM 's3://b/x/p_000' IAM_ROLE 'r';
;;;
s3://b/x/p_.id <- p.id IDENTITY plain
s3://b/x/p_.email <- p.email IDENTITY plain
o.id <- s3://b/x/p_.id IDENTITY plain
o.b <- s3://b/x/p_.email IDENTITY plain
===
-- case: UNLOAD and COPY by names
-- dialect: redshift
-- schema: p(id, email, phone, dept); o(id, a, b, c)
UNLOAD ('SELECT email AS a, id FROM p') TO 's3://b/x/' IAM_ROLE 'r';
COPY o (id, a) FROM 's3://b/x/' IAM_ROLE 'r';
;;;
s3://b/x/.a <- p.email IDENTITY plain
s3://b/x/.id <- p.id IDENTITY plain
o.id <- s3://b/x/.id IDENTITY plain
o.a <- s3://b/x/.a IDENTITY plain
===
-- case: COPY of fewer columns than the file has
-- dialect: redshift
-- schema: p(id, email, phone, dept); o(id, a, b, c)
-- problems: 1
UNLOAD ('SELECT id, email, phone FROM p') TO 's3://b/x/' IAM_ROLE 'r';
COPY o (id, b) FROM 's3://b/x/' IAM_ROLE 'r';
;;;
s3://b/x/.id <- p.id IDENTITY plain
s3://b/x/.email <- p.email IDENTITY plain
s3://b/x/.phone <- p.phone IDENTITY plain
o.id <- s3://b/x/.id IDENTITY plain
o.b <- s3://b/x/.email IDENTITY plain
o.* <- s3://b/x/.phone IDENTITY plain
===
-- case: stage and back, columns by number
-- dialect: snowflake
-- schema: p(id, email, phone, dept); o(id, a, b, c)
COPY INTO @st/x/ FROM (SELECT id, email FROM p);
COPY INTO o (id, a) FROM (SELECT $1, $2 FROM @st/x/);
;;;
@st/x/.ID <- P.id IDENTITY plain
@st/x/.EMAIL <- P.email IDENTITY plain
O.ID <- @st/x/.ID IDENTITY plain
O.A <- @st/x/.EMAIL IDENTITY plain
===
-- case: external table over an exported folder
-- dialect: hive
-- schema: p(id, email, phone, dept); o(id, a, b, c)
INSERT OVERWRITE DIRECTORY '/data/x' SELECT id, email FROM p;
CREATE EXTERNAL TABLE e (k int, m string) LOCATION '/data/x';
;;;
/data/x.id <- p.id IDENTITY plain
/data/x.email <- p.email IDENTITY plain
e.k <- /data/x.id IDENTITY plain
e.m <- /data/x.email IDENTITY plain
===
-- case: outfile and back
-- dialect: mysql
-- schema: p(id, email, phone, dept); o(id, a, b, c)
SELECT id, email INTO OUTFILE '/tmp/x.csv' FROM p;
LOAD DATA INFILE '/tmp/x.csv' INTO TABLE o (id, a);
;;;
/tmp/x.csv.id <- p.id IDENTITY plain
/tmp/x.csv.email <- p.email IDENTITY plain
o.id <- /tmp/x.csv.id IDENTITY plain
o.a <- /tmp/x.csv.email IDENTITY plain
===
-- case: tables by pattern have the columns of all
-- dialect: bigquery
-- schema: p(id, email, phone, dept); o(id, a, b, c)
CREATE TABLE ds.ev_2020 (id INT64, email STRING);
CREATE TABLE ds.ev_2021 (id INT64, phone STRING);
CREATE TABLE ds.z AS SELECT *, _TABLE_SUFFIX AS s FROM `ds.ev_*`;
;;;
ds.z.id <- ds.ev_*.id IDENTITY plain
ds.z.email <- ds.ev_*.email IDENTITY plain
ds.z.phone <- ds.ev_*.phone IDENTITY plain
ds.z.s <- ds.ev_*._table_suffix IDENTITY plain
===
-- case: tables of the same pipeline
-- dialect: databricks
-- schema: p(id, email, phone, dept); o(id, a, b, c)
CREATE OR REFRESH LIVE TABLE q AS SELECT id, email FROM p;
CREATE OR REFRESH LIVE TABLE z AS SELECT email FROM LIVE.q;
;;;
q.id <- p.id IDENTITY plain
q.email <- p.email IDENTITY plain
z.email <- q.email IDENTITY plain
===
-- case: search_path
-- dialect: postgres
-- schema: p(id, email, phone, dept); o(id, a, b, c)
SET LOCAL search_path = hr, public;
CREATE TABLE z AS SELECT email FROM t;
;;;
hr.z.email <- hr.t.email IDENTITY plain
===
-- case: search_path: a table that a later schema is known to have
-- dialect: postgres
-- schema: p(id, email, phone, dept); o(id, a, b, c)
SET search_path = hr, public;
CREATE TABLE z AS SELECT email FROM p;
;;;
hr.z.email <- p.email IDENTITY plain
===
-- case: search_path of public alone
-- dialect: postgres
-- schema: p(id, email, phone, dept); o(id, a, b, c)
SET search_path TO public;
CREATE TABLE z AS SELECT email FROM p;
;;;
z.email <- p.email IDENTITY plain
===
-- case: current schema of a session
-- dialect: oracle
-- schema: p(id, email, phone, dept); o(id, a, b, c)
ALTER SESSION SET CURRENT_SCHEMA = hr;
CREATE TABLE z AS SELECT email FROM t;
;;;
HR.Z.EMAIL <- HR.T.EMAIL IDENTITY plain
===
