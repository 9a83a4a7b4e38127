-- case: IDENTITY, computed and ROWVERSION columns are no positions
-- dialect: tsql
-- schema: p(id, email, phone, dept); o(id, a, b, c)
CREATE TABLE t (k int IDENTITY(1,1), e varchar(9), f varchar(9), up AS upper(e) PERSISTED, rv rowversion);
INSERT INTO t SELECT email, phone FROM p;
SELECT up INTO z FROM t;
;;;
t.up <- t.e TRANSFORMATION plain
t.e <- p.email IDENTITY plain
t.f <- p.phone IDENTITY plain
z.up <- t.up IDENTITY plain
===
-- case: stored and virtual
-- dialect: mysql
-- schema: p(id, email, phone, dept); o(id, a, b, c)
CREATE TABLE t (e varchar(9), h varchar(9) GENERATED ALWAYS AS (md5(e)) VIRTUAL, d varchar(9) AS (concat(e, f)), f varchar(9));
INSERT INTO t (e, f) SELECT email, phone FROM p;
;;;
t.h <- t.e TRANSFORMATION pseudonymised
t.d <- t.f TRANSFORMATION plain
t.d <- t.e TRANSFORMATION plain
t.e <- p.email IDENTITY plain
t.f <- p.phone IDENTITY plain
===
-- case: GENERATED ALWAYS AS … STORED
-- dialect: postgres
-- schema: p(id, email, phone, dept); o(id, a, b, c)
CREATE TABLE t (e text, up text GENERATED ALWAYS AS (upper(e)) STORED, f text);
INSERT INTO t SELECT email, phone FROM p;
INSERT INTO t VALUES ((SELECT max(dept) FROM p), DEFAULT, 'x');
;;;
t.up <- t.e TRANSFORMATION plain
t.e <- p.email IDENTITY plain
t.f <- p.phone IDENTITY plain
t.e <- p.dept AGGREGATION plain
===
-- case: added later
-- dialect: postgres
-- schema: p(id, email, phone, dept); o(id, a, b, c)
ALTER TABLE o ADD COLUMN g text GENERATED ALWAYS AS (lower(a)) STORED;
;;;
o.g <- o.a TRANSFORMATION plain
===
-- case: added later, and no position
-- dialect: tsql
-- schema: p(id, email, phone, dept); o(id, a, b, c)
ALTER TABLE o ADD g AS lower(a);
INSERT INTO o SELECT id, email, phone, dept FROM p;
;;;
o.g <- o.a TRANSFORMATION plain
o.id <- p.id IDENTITY plain
o.a <- p.email IDENTITY plain
o.b <- p.phone IDENTITY plain
o.c <- p.dept IDENTITY plain
===
-- case: VIRTUAL
-- dialect: oracle
-- schema: p(id, email, phone, dept); o(id, a, b, c)
CREATE TABLE t (e varchar2(9), v varchar2(9) GENERATED ALWAYS AS (upper(e)) VIRTUAL, w AS (lower(e)), f varchar2(9));
INSERT INTO t (e, f) SELECT email, phone FROM p;
;;;
T.V <- T.E TRANSFORMATION plain
T.W <- T.E TRANSFORMATION plain
T.E <- P.email IDENTITY plain
T.F <- P.phone IDENTITY plain
===
-- case: VIRTUAL and AS
-- dialect: duckdb
-- schema: p(id, email, phone, dept); o(id, a, b, c)
CREATE TABLE t (e varchar, u varchar AS (upper(e)), g varchar GENERATED ALWAYS AS (lower(e)) VIRTUAL, f varchar);
INSERT INTO t SELECT email, phone FROM p;
;;;
t.u <- t.e TRANSFORMATION plain
t.g <- t.e TRANSFORMATION plain
t.e <- p.email IDENTITY plain
t.f <- p.phone IDENTITY plain
===
-- case: MATERIALIZED, ALIAS and DEFAULT
-- dialect: clickhouse
-- schema: p(id, email, phone, dept); o(id, a, b, c)
CREATE TABLE t (e String, m String MATERIALIZED lower(e), l String ALIAS upper(e), f String, d String DEFAULT e) ENGINE = Memory;
INSERT INTO t SELECT email, phone, dept FROM p;
;;;
t.m <- t.e TRANSFORMATION plain
t.l <- t.e TRANSFORMATION plain
t.d <- t.e IDENTITY plain
t.e <- p.email IDENTITY plain
t.f <- p.phone IDENTITY plain
t.d <- p.dept IDENTITY plain
===
-- case: by an expression
-- dialect: snowflake
-- schema: p(id, email, phone, dept); o(id, a, b, c)
CREATE TABLE t (id int IDENTITY, e string, g string AS (upper(e)));
;;;
T.G <- T.E TRANSFORMATION plain
===
-- case: STORED
-- dialect: bigquery
-- schema: p(id, email, phone, dept); o(id, a, b, c)
CREATE TABLE t (e STRING, g STRING GENERATED ALWAYS AS (upper(e)) STORED);
;;;
t.g <- t.e TRANSFORMATION plain
===
-- case: of a temporary table
-- dialect: postgres
-- schema: p(id, email, phone, dept); o(id, a, b, c)
CREATE TEMP TABLE t (e text, h text GENERATED ALWAYS AS (md5(e)) STORED, u text GENERATED ALWAYS AS (upper(h)) STORED);
INSERT INTO t SELECT email FROM p;
TRUNCATE t;
INSERT INTO t SELECT phone FROM p;
CREATE TABLE z AS SELECT u, e FROM t;
;;;
z.u <- p.phone TRANSFORMATION pseudonymised
z.e <- p.phone IDENTITY plain
===
