-- case: VALUES() of the row that is inserted
-- dialect: mysql
-- schema: p(id, email, phone, dept); o(id, a, b, c)
INSERT INTO o (id, a) SELECT id, email FROM p ON DUPLICATE KEY UPDATE b = VALUES(a), c = concat(c, VALUES(id));
;;;
o.id <- p.id IDENTITY plain
o.a <- p.email IDENTITY plain
o.b <- p.email IDENTITY plain
o.c <- p.id TRANSFORMATION plain
o.c <- o.c TRANSFORMATION plain
===
-- case: a query's sources in ON DUPLICATE KEY UPDATE
-- dialect: mysql
-- schema: p(id, email, phone, dept); o(id, a, b, c)
INSERT INTO o (id, a) SELECT id, email FROM p AS s ON DUPLICATE KEY UPDATE b = s.phone, c = dept;
;;;
o.id <- p.id IDENTITY plain
o.a <- p.email IDENTITY plain
o.b <- p.phone IDENTITY plain
o.c <- p.dept IDENTITY plain
===
-- case: names for the inserted row and its columns
-- dialect: mysql
-- schema: p(id, email, phone, dept); o(id, a, b, c)
INSERT INTO o (id, a) VALUES (1, (SELECT max(email) FROM p)) AS n (x, y) ON DUPLICATE KEY UPDATE b = y, c = n.y;
;;;
o.a <- p.email AGGREGATION plain
o.b <- p.email AGGREGATION plain
o.c <- p.email AGGREGATION plain
===
-- case: UPDATE from ROW
-- dialect: postgres
-- schema: p(id, email, phone, dept); o(id, a, b, c)
UPDATE o SET (a, b) = ROW(p.email, p.phone) FROM p;
;;;
o.a <- p.email IDENTITY plain
o.b <- p.phone IDENTITY plain
===
-- case: trigger's NEW and OLD
-- dialect: mysql
-- schema: p(id, email, phone, dept); o(id, a, b, c)
CREATE TRIGGER t AFTER UPDATE ON p FOR EACH ROW BEGIN INSERT INTO o (id, a) VALUES (NEW.id, OLD.email); UPDATE o SET b = NEW.phone; END;
;;;
o.id <- p.id IDENTITY plain
o.a <- p.email IDENTITY plain
o.b <- p.phone IDENTITY plain
===
-- case: trigger that changes the row
-- dialect: mysql
-- schema: p(id, email, phone, dept); o(id, a, b, c)
CREATE TRIGGER t BEFORE INSERT ON p FOR EACH ROW SET NEW.dept = NEW.email;
;;;
p.dept <- p.email IDENTITY plain
===
-- case: Oracle's trigger that changes the row
-- dialect: oracle
-- schema: p(id, email, phone, dept); o(id, a, b, c)
CREATE OR REPLACE TRIGGER t BEFORE INSERT OR UPDATE OF email ON p FOR EACH ROW BEGIN :new.dept := :new.email; INSERT INTO o (a) VALUES (:old.phone); END;
;;;
P.DEPT <- P.email IDENTITY plain
O.A <- P.phone IDENTITY plain
===
-- case: trigger's inserted and deleted
-- dialect: tsql
-- schema: p(id, email, phone, dept); o(id, a, b, c)
CREATE TRIGGER t ON p AFTER UPDATE AS BEGIN INSERT INTO o (id, a, b) SELECT i.id, i.email, d.email FROM inserted i JOIN deleted d ON d.id = i.id; END
;;;
o.id <- p.id IDENTITY plain
o.a <- p.email IDENTITY plain
o.b <- p.email IDENTITY plain
o <- p.id JOIN
===
-- case: function of a trigger
-- dialect: postgres
-- schema: p(id, email, phone, dept); o(id, a, b, c)
CREATE FUNCTION f() RETURNS trigger AS $$ BEGIN INSERT INTO o (id, a) VALUES (NEW.id, NEW.email); NEW.dept := NEW.phone; RETURN NEW; END $$ LANGUAGE plpgsql;
CREATE TRIGGER t BEFORE INSERT ON p FOR EACH ROW EXECUTE FUNCTION f();
;;;
o.id <- p.id IDENTITY plain
o.a <- p.email IDENTITY plain
p.dept <- p.phone IDENTITY plain
===
-- case: function of triggers that are not told
-- dialect: postgres
-- schema: p(id, email, phone, dept); o(id, a, b, c)
-- problems: 1
CREATE FUNCTION f() RETURNS trigger AS $$ BEGIN INSERT INTO o (a) VALUES (NEW.email); RETURN NEW; END $$ LANGUAGE plpgsql;
;;;
o.a <- .email TRANSFORMATION unknown
===
-- case: rule
-- dialect: postgres
-- schema: p(id, email, phone, dept); o(id, a, b, c)
CREATE RULE r AS ON INSERT TO p DO ALSO (INSERT INTO o (id, a) VALUES (NEW.id, NEW.email); UPDATE o SET b = NEW.phone);
;;;
o.id <- p.id IDENTITY plain
o.a <- p.email IDENTITY plain
o.b <- p.phone IDENTITY plain
===
-- case: EXECUTE IMMEDIATE INTO
-- dialect: oracle
-- schema: p(id, email, phone, dept); o(id, a, b, c)
DECLARE x varchar2(9); BEGIN EXECUTE IMMEDIATE 'SELECT max(email) FROM p' INTO x; INSERT INTO o (id, a) VALUES (1, x); END;
;;;
O.A <- P.email AGGREGATION plain
===
-- case: EXECUTE INTO
-- dialect: postgres
-- schema: p(id, email, phone, dept); o(id, a, b, c)
DO $$ DECLARE x text; BEGIN EXECUTE 'SELECT email FROM p' INTO x; INSERT INTO o (a) VALUES (x); END $$;
;;;
o.a <- p.email TRANSFORMATION plain
===
-- case: value of RETURNING
-- dialect: postgres
-- schema: p(id, email, phone, dept); o(id, a, b, c)
-- problems: 1
DO $$ DECLARE x text; BEGIN UPDATE p SET dept = 'x' RETURNING email INTO x; INSERT INTO o (a) VALUES (x); END $$;
;;;
o.a <- .x TRANSFORMATION unknown
===
-- case: EXECUTE INTO of a text that is not known
-- dialect: postgres
-- schema: p(id, email, phone, dept); o(id, a, b, c)
-- problems: 2
DO $$ DECLARE x text; BEGIN EXECUTE q INTO x; INSERT INTO o (a) VALUES (x); END $$;
;;;
o.a <- .x TRANSFORMATION unknown
===
-- case: SELECT @v := value
-- dialect: mysql
-- schema: p(id, email, phone, dept); o(id, a, b, c)
SELECT id, @e := email AS e FROM p;
INSERT INTO o (id, a) VALUES (1, @e);
;;;
.id <- p.id IDENTITY plain
.e <- p.email IDENTITY plain
o.a <- p.email TRANSFORMATION plain
===
-- case: OUTPUT of an UPDATE
-- dialect: tsql
-- schema: p(id, email, phone, dept); o(id, a, b, c)
UPDATE p SET dept = 'x' OUTPUT inserted.id, deleted.email INTO o (id, a);
;;;
o.id <- p.id IDENTITY plain
o.a <- p.email IDENTITY plain
===
-- case: OUTPUT of an INSERT
-- dialect: tsql
-- schema: p(id, email, phone, dept); o(id, a, b, c)
INSERT INTO p (id, email) OUTPUT inserted.* INTO log SELECT id, a FROM o;
;;;
p.id <- o.id IDENTITY plain
p.email <- o.a IDENTITY plain
log.id <- p.id IDENTITY plain
log.email <- p.email IDENTITY plain
log.phone <- p.phone IDENTITY plain
log.dept <- p.dept IDENTITY plain
===
-- case: OUTPUT of a MERGE
-- dialect: tsql
-- schema: p(id, email, phone, dept); o(id, a, b, c)
MERGE INTO o USING p ON o.id = p.id WHEN MATCHED THEN UPDATE SET a = p.email OUTPUT inserted.id, deleted.a, $action, p.phone INTO log (id, a, act, b);
;;;
o.a <- p.email IDENTITY plain
o <- p.id JOIN
o <- o.id JOIN
log.id <- o.id IDENTITY plain
log.a <- o.a IDENTITY plain
log.b <- p.phone IDENTITY plain
log <- p.id JOIN
log <- o.id JOIN
===
