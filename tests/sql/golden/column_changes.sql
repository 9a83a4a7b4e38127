-- case: RENAME COLUMN moves what the column holds
-- dialect: snowflake
-- schema: p(id, email, phone, dept); o(id, a, b, c)
INSERT INTO o (id, a) SELECT id, email FROM p;
ALTER TABLE o RENAME COLUMN a TO mail;
CREATE TABLE z AS SELECT id, mail FROM o;
;;;
O.ID <- P.id IDENTITY plain
O.A <- P.email IDENTITY plain
O.MAIL <- O.A IDENTITY plain
Z.ID <- O.id IDENTITY plain
Z.MAIL <- O.MAIL IDENTITY plain
===
-- case: RENAME without the word COLUMN
-- dialect: postgres
-- schema: p(id, email, phone, dept); o(id, a, b, c)
ALTER TABLE o RENAME a TO mail;
INSERT INTO o SELECT id, email, phone, dept FROM p;
;;;
o.mail <- o.a IDENTITY plain
o.id <- p.id IDENTITY plain
o.mail <- p.email IDENTITY plain
o.b <- p.phone IDENTITY plain
o.c <- p.dept IDENTITY plain
===
-- case: CHANGE with a place
-- dialect: mysql
-- schema: p(id, email, phone, dept); o(id, a, b, c)
ALTER TABLE o CHANGE COLUMN c mail varchar(10) AFTER id;
INSERT INTO o SELECT id, email, phone, dept FROM p;
;;;
o.mail <- o.c IDENTITY plain
o.id <- p.id IDENTITY plain
o.mail <- p.email IDENTITY plain
o.a <- p.phone IDENTITY plain
o.b <- p.dept IDENTITY plain
===
-- case: CHANGE
-- dialect: hive
-- schema: p(id, email, phone, dept); o(id, a, b, c)
ALTER TABLE o CHANGE COLUMN a mail string;
;;;
o.mail <- o.a IDENTITY plain
===
-- case: several columns, one that may not be there
-- dialect: bigquery
-- schema: p(id, email, phone, dept); o(id, a, b, c)
ALTER TABLE o RENAME COLUMN IF EXISTS a TO mail, RENAME COLUMN b TO tel;
;;;
o.mail <- o.a IDENTITY plain
o.tel <- o.b IDENTITY plain
===
-- case: two names exchanged
-- dialect: mysql
-- schema: p(id, email, phone, dept); o(id, a, b, c)
ALTER TABLE o RENAME COLUMN a TO b, RENAME COLUMN b TO a;
INSERT INTO o SELECT id, email, phone, dept FROM p;
;;;
o.b <- o.a IDENTITY plain
o.a <- o.b IDENTITY plain
o.id <- p.id IDENTITY plain
o.b <- p.email IDENTITY plain
o.a <- p.phone IDENTITY plain
o.c <- p.dept IDENTITY plain
===
-- case: another column under an old name
-- dialect: postgres
-- schema: p(id, email, phone, dept); o(id, a, b, c)
ALTER TABLE p RENAME COLUMN dept TO unit;
ALTER TABLE p RENAME COLUMN email TO dept;
CREATE TABLE z AS SELECT dept FROM p;
;;;
p.unit <- p.dept IDENTITY plain
p.dept <- p.email IDENTITY plain
z.dept <- p.dept IDENTITY plain
===
-- case: sp_rename of a column
-- dialect: tsql
-- schema: p(id, email, phone, dept); o(id, a, b, c)
EXEC sp_rename 'o.a', 'mail', 'COLUMN';
INSERT INTO o SELECT id, email, phone, dept FROM p;
;;;
o.mail <- o.a IDENTITY plain
o.id <- p.id IDENTITY plain
o.mail <- p.email IDENTITY plain
o.b <- p.phone IDENTITY plain
o.c <- p.dept IDENTITY plain
===
-- case: sp_rename with named arguments
-- dialect: tsql
-- schema: p(id, email, phone, dept); o(id, a, b, c)
EXEC sp_rename @objname = 'dbo.o.a', @newname = 'mail', @objtype = 'COLUMN'
;;;
dbo.o.mail <- dbo.o.a IDENTITY plain
===
-- case: column of a temporary table
-- dialect: postgres
-- schema: p(id, email, phone, dept); o(id, a, b, c)
CREATE TEMP TABLE t (e text);
INSERT INTO t SELECT email FROM p;
ALTER TABLE t RENAME COLUMN e TO f;
CREATE TABLE z AS SELECT f FROM t;
;;;
z.f <- p.email IDENTITY plain
===
-- case: REPLACE COLUMNS tells columns by their place
-- dialect: hive
-- schema: p(id, email, phone, dept); o(id, a, b, c)
ALTER TABLE o REPLACE COLUMNS (k int, mail string);
;;;
o.k <- o.id IDENTITY plain
o.mail <- o.a IDENTITY plain
===
-- case: ADD COLUMN is there for a star and for positions
-- dialect: snowflake
-- schema: p(id, email, phone, dept); o(id, a, b, c)
CREATE TABLE t (id int);
ALTER TABLE t ADD COLUMN mail varchar, tel varchar;
INSERT INTO t SELECT id, email, phone FROM p;
CREATE TABLE z AS SELECT * FROM t;
;;;
T.ID <- P.id IDENTITY plain
T.MAIL <- P.email IDENTITY plain
T.TEL <- P.phone IDENTITY plain
Z.ID <- T.ID IDENTITY plain
Z.MAIL <- T.MAIL IDENTITY plain
Z.TEL <- T.TEL IDENTITY plain
===
-- case: ADD COLUMN FIRST and AFTER
-- dialect: mysql
-- schema: p(id, email, phone, dept); o(id, a, b, c)
ALTER TABLE o ADD COLUMN x int FIRST, ADD COLUMN y int AFTER id;
INSERT INTO o SELECT dept, id, email, phone, NULL, NULL FROM p;
;;;
o.x <- p.dept IDENTITY plain
o.id <- p.id IDENTITY plain
o.y <- p.email IDENTITY plain
o.a <- p.phone IDENTITY plain
===
-- case: ADD COLUMNS in parentheses with a place
-- dialect: databricks
-- schema: p(id, email, phone, dept); o(id, a, b, c)
ALTER TABLE o ADD COLUMNS (x string FIRST, y int AFTER id);
INSERT INTO o SELECT dept, id, email, phone, NULL, NULL FROM p;
;;;
o.x <- p.dept IDENTITY plain
o.id <- p.id IDENTITY plain
o.y <- p.email IDENTITY plain
o.a <- p.phone IDENTITY plain
===
-- case: DROP COLUMN
-- dialect: snowflake
-- schema: p(id, email, phone, dept); o(id, a, b, c)
ALTER TABLE o DROP COLUMN a, c;
INSERT INTO o SELECT id, email FROM p;
;;;
O.id <- P.id IDENTITY plain
O.b <- P.email IDENTITY plain
===
-- case: ADD and DROP in parentheses
-- dialect: oracle
-- schema: p(id, email, phone, dept); o(id, a, b, c)
ALTER TABLE o DROP (a, b);
ALTER TABLE o ADD (x varchar2(9), y varchar2(9));
INSERT INTO o SELECT id, dept, email, phone FROM p;
;;;
O.id <- P.id IDENTITY plain
O.c <- P.dept IDENTITY plain
O.X <- P.email IDENTITY plain
O.Y <- P.phone IDENTITY plain
===
-- case: ClickHouse: several actions on a cluster
-- dialect: clickhouse
-- schema: p(id, email, phone, dept); o(id, a, b, c)
ALTER TABLE o ON CLUSTER c ADD COLUMN x String AFTER id, DROP COLUMN b;
INSERT INTO o SELECT id, email, phone, dept FROM p;
;;;
o.id <- p.id IDENTITY plain
o.x <- p.email IDENTITY plain
o.a <- p.phone IDENTITY plain
o.c <- p.dept IDENTITY plain
===
-- case: no columns: constraints, partitions, policies
-- dialect: postgres
-- schema: p(id, email, phone, dept); o(id, a, b, c)
ALTER TABLE o RENAME CONSTRAINT a TO b;
ALTER TABLE o DROP CONSTRAINT a;
ALTER TABLE o ADD CONSTRAINT q CHECK (a > 1);
INSERT INTO o SELECT id, email, phone, dept FROM p;
;;;
o.id <- p.id IDENTITY plain
o.a <- p.email IDENTITY plain
o.b <- p.phone IDENTITY plain
o.c <- p.dept IDENTITY plain
===
-- case: more values than columns: what fits, and a star
-- dialect: postgres
-- schema: p(id, email, phone, dept); o(id, a, b, c)
-- problems: 1
INSERT INTO o SELECT id, email, phone, dept, dept FROM p;
;;;
o.id <- p.id IDENTITY plain
o.a <- p.email IDENTITY plain
o.b <- p.phone IDENTITY plain
o.c <- p.dept IDENTITY plain
o.* <- p.dept IDENTITY plain
===
-- case: fewer values than columns
-- dialect: postgres
-- schema: p(id, email, phone, dept); o(id, a, b, c)
INSERT INTO o SELECT id, email FROM p;
;;;
o.id <- p.id IDENTITY plain
o.a <- p.email IDENTITY plain
===
-- case: fewer values than the dialect allows: a star
-- dialect: snowflake
-- schema: p(id, email, phone, dept); o(id, a, b, c)
-- problems: 1
INSERT INTO o SELECT id, email FROM p;
;;;
O.id <- P.id IDENTITY plain
O.a <- P.email IDENTITY plain
===
