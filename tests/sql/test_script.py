from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot import Dialect

from lineage_nb.sql.script import pieces
from lineage_nb.sql.tokens import Fill, family

ROLE = {"statement": "", "query": "? ", "condition": "if "}


def shown(sql: str, dialect: str) -> list[str]:
    """Pieces as text, marked by role."""
    found, _ = pieces(sql, Dialect.get_or_raise(dialect))
    return [ROLE[p.role] + p.text for p in found if p.role != "assignment"]


def words(sql: str, dialect: str) -> list[str]:
    """Pieces as the words of their tokens."""
    found, _ = pieces(sql, Dialect.get_or_raise(dialect))
    return [ROLE[p.role] + " ".join(t.text for t in p.tokens) for p in found if p.role != "assignment"]


PLAIN = [
    ("bigquery", "SELECT 1", ["SELECT 1"]),
    ("", "", []),
    ("", " ;; -- only a comment\n ; /* a; b */", []),
    ("", "SELECT ';' ; SELECT \";\" ;", ["SELECT ';'", 'SELECT ";"']),
    ("postgres", "BEGIN; INSERT INTO t SELECT 1; COMMIT;", ["BEGIN", "INSERT INTO t SELECT 1", "COMMIT"]),
    ("snowflake", "SELECT start, end FROM t; SELECT 2", ["SELECT start, end FROM t", "SELECT 2"]),
    (
        "",
        "SELECT CASE WHEN a THEN b END FROM t; SELECT 2",
        ["SELECT CASE WHEN a THEN b END FROM t", "SELECT 2"],
    ),
    ("mysql", "SELECT IF(a, b, c) FROM t; SELECT REPLACE(a, 'x', 'y') FROM t", None),
    ("mysql", "DROP TABLE IF EXISTS t; CREATE TABLE IF NOT EXISTS t (a INT)", None),
    (
        "snowflake",
        "MERGE INTO t USING s ON t.a = s.a WHEN MATCHED THEN UPDATE SET b = s.b WHEN NOT MATCHED THEN INSERT (a) VALUES (s.a); SELECT 1",
        None,
    ),
    ("mysql", "SET @x = 1; SET NAMES utf8; SELECT 1", ["SELECT 1"]),
    ("mysql", "SET @x = (SELECT max(a) FROM t); SELECT 1", ["? SELECT max(a) FROM t", "SELECT 1"]),
    ("postgres", "SET search_path TO mart; SELECT 1", ["SET search_path TO mart", "SELECT 1"]),
    ("mysql", "REPLACE INTO t SELECT a FROM s; SELECT 1", None),
    ("duckdb", "FROM t; PIVOT t ON a USING sum(b); SELECT 1", None),
    ("hive", "FROM s INSERT INTO t1 SELECT a INSERT INTO t2 SELECT b; SELECT 1", None),
    ("postgres", "SELECT a INTO t2 FROM t; SELECT 1", None),
    (
        "snowflake",
        "INSERT ALL WHEN a > 1 THEN INTO t1 VALUES (a) ELSE INTO t2 SELECT a FROM s; SELECT 1",
        None,
    ),
    ("postgres", "\\set a 1\nSELECT 1;\n\\echo it's\nSELECT 2;", ["SELECT 1", "SELECT 2"]),
    (
        "postgres",
        "COPY t (a, b) FROM stdin;\n1\tit's; x\n2\t\\N\n\\.\nSELECT 1;",
        ["COPY t (a, b) FROM stdin", "SELECT 1"],
    ),
    (
        "oracle",
        "CREATE VIEW v AS SELECT a / b FROM t\n/\nINSERT INTO t SELECT 1 FROM dual;",
        ["CREATE VIEW v AS SELECT a / b FROM t", "INSERT INTO t SELECT 1 FROM dual"],
    ),
    ("oracle", "PROMPT loading it\nSET DEFINE OFF\nSELECT 1 FROM dual;", None),
]

BLOCKS = [
    (
        "bigquery",
        "BEGIN INSERT INTO t SELECT 1; SELECT 2; EXCEPTION WHEN ERROR THEN SELECT @@error.message; END;",
        ["INSERT INTO t SELECT 1", "SELECT 2", "SELECT @@error.message"],
    ),
    (
        "bigquery",
        "BEGIN TRANSACTION; DELETE FROM t WHERE a = 1; COMMIT TRANSACTION;",
        ["BEGIN TRANSACTION", "DELETE FROM t WHERE a = 1", "COMMIT TRANSACTION"],
    ),
    (
        "bigquery",
        "DECLARE x, y INT64 DEFAULT (SELECT max(a) FROM t); SET x = 3; SET (x, y) = (SELECT AS STRUCT a, b FROM u);",
        ["? SELECT max(a) FROM t", "? SELECT AS STRUCT a, b FROM u"],
    ),
    (
        "bigquery",
        "IF (SELECT count(*) FROM t) > 0 THEN INSERT INTO u SELECT 1; ELSEIF x = 2 THEN DELETE FROM u WHERE TRUE; ELSE SELECT 3; END IF; SELECT 4",
        [
            "if (SELECT count(*) FROM t) > 0",
            "INSERT INTO u SELECT 1",
            "DELETE FROM u WHERE TRUE",
            "SELECT 3",
            "SELECT 4",
        ],
    ),
    (
        "bigquery",
        "WHILE x < 3 DO INSERT INTO t SELECT x; SET x = x + 1; END WHILE; LOOP SELECT 1; BREAK; END LOOP; REPEAT SELECT 2; UNTIL x > 3 END REPEAT; SELECT 3",
        ["INSERT INTO t SELECT x", "SELECT 1", "SELECT 2", "SELECT 3"],
    ),
    (
        "bigquery",
        "FOR r IN (SELECT a FROM t) DO INSERT INTO u VALUES (r.a); END FOR;",
        ["? SELECT a FROM t", "INSERT INTO u VALUES (r.a)"],
    ),
    (
        "bigquery",
        "CASE WHEN EXISTS (SELECT 1 FROM t) THEN SELECT 1; ELSE SELECT 2; END CASE; SELECT 3",
        ["if EXISTS (SELECT 1 FROM t)", "SELECT 1", "SELECT 2", "SELECT 3"],
    ),
    (
        "bigquery",
        "CREATE OR REPLACE PROCEDURE d.p(x INT64, OUT y STRING) OPTIONS(strict_mode=false) BEGIN CREATE TEMP TABLE a AS SELECT x; INSERT INTO b SELECT * FROM a; END; CALL d.p(1);",
        ["CREATE TEMP TABLE a AS SELECT x", "INSERT INTO b SELECT * FROM a", "CALL d.p(1)"],
    ),
    (
        "bigquery",
        "CREATE FUNCTION f(x INT64) AS (x * 2); SELECT f(1)",
        ["CREATE FUNCTION f(x INT64) AS (x * 2)", "SELECT f(1)"],
    ),
    ("bigquery", "CREATE TABLE FUNCTION f(x INT64) AS SELECT a FROM t WHERE a = x; SELECT 1", None),
    ("bigquery", "lbl: BEGIN SELECT 1; LEAVE lbl; END lbl; SELECT 2", ["SELECT 1", "SELECT 2"]),
    (
        "snowflake",
        "DECLARE x INT DEFAULT 1; c CURSOR FOR SELECT a FROM t; rs RESULTSET := (SELECT b FROM u); BEGIN OPEN c; FETCH c INTO x; FOR r IN c DO INSERT INTO v VALUES (r.a); END FOR; RETURN TABLE(rs); END;",
        ["? SELECT a FROM t", "? SELECT b FROM u", "INSERT INTO v VALUES (r.a)"],
    ),
    (
        "snowflake",
        "BEGIN LET n := (SELECT count(*) FROM t); LET c CURSOR FOR SELECT 1; IF (n > 1) THEN DELETE FROM t; END IF; RETURN n; END",
        ["? SELECT count(*) FROM t", "? SELECT 1", "DELETE FROM t"],
    ),
    (
        "snowflake",
        "CREATE PROCEDURE p(a INT) RETURNS VARCHAR LANGUAGE SQL EXECUTE AS CALLER AS $$\nBEGIN\n  INSERT INTO t SELECT :a;\n  RETURN 'ok';\nEND;\n$$; SELECT 1",
        ["INSERT INTO t SELECT :a", "SELECT 1"],
    ),
    (
        "snowflake",
        "CREATE PROCEDURE p() RETURNS INT LANGUAGE SQL AS 'BEGIN INSERT INTO t SELECT ''x''; RETURN 1; END'",
        ["INSERT INTO t SELECT 'x'"],
    ),
    (
        "snowflake",
        "CREATE PROCEDURE p() RETURNS INT LANGUAGE SQL AS DECLARE a INT; BEGIN UPDATE t SET x = 1; RETURN 1; END; SELECT 2",
        ["UPDATE t SET x = 1", "SELECT 2"],
    ),
    (
        "snowflake",
        "CREATE TASK k WAREHOUSE = w SCHEDULE = '5 MINUTE' AS INSERT INTO t SELECT 1; SELECT 2",
        ["INSERT INTO t SELECT 1", "SELECT 2"],
    ),
    (
        "snowflake",
        "CREATE TASK k WAREHOUSE = w AFTER j AS BEGIN DELETE FROM t; INSERT INTO t SELECT 1; END; SELECT 2",
        ["DELETE FROM t", "INSERT INTO t SELECT 1", "SELECT 2"],
    ),
    (
        "snowflake",
        "CREATE FUNCTION f(x INT) RETURNS INT AS $$ x * 2 $$; SELECT 1",
        ["CREATE FUNCTION f(x INT) RETURNS INT AS $$ x * 2 $$", "SELECT 1"],
    ),
    (
        "postgres",
        "CREATE FUNCTION f(a int) RETURNS void AS $body$\nDECLARE v int := (SELECT max(b) FROM s);\nBEGIN\n  PERFORM g(x) FROM w;\n  FOR r IN SELECT a FROM t LOOP INSERT INTO u VALUES (r.a); END LOOP;\n  RETURN QUERY SELECT 1;\nEND;\n$body$ LANGUAGE plpgsql; SELECT 2",
        [
            "? SELECT max(b) FROM s",
            "? PERFORM g(x) FROM w",
            "? SELECT a FROM t",
            "INSERT INTO u VALUES (r.a)",
            "? SELECT 1",
            "SELECT 2",
        ],
    ),
    (
        "postgres",
        "DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM t) THEN INSERT INTO t SELECT 2; END IF; END $$; SELECT 3",
        ["if NOT EXISTS (SELECT 1 FROM t)", "INSERT INTO t SELECT 2", "SELECT 3"],
    ),
    (
        "postgres",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'INSERT INTO t SELECT ''a''; SELECT 1'",
        ["INSERT INTO t SELECT 'a'", "SELECT 1"],
    ),
    (
        "postgres",
        "CREATE PROCEDURE p() LANGUAGE sql BEGIN ATOMIC INSERT INTO t SELECT 1; DELETE FROM u; END; SELECT 2",
        ["INSERT INTO t SELECT 1", "DELETE FROM u", "SELECT 2"],
    ),
    (
        "postgres",
        "CREATE TRIGGER g AFTER INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f(); SELECT 1",
        None,
    ),
    (
        "redshift",
        "CREATE PROCEDURE p(a IN int) AS $$ BEGIN <<l>> LOOP EXIT l WHEN (SELECT count(*) FROM t) > 1; TRUNCATE u; END LOOP; RAISE INFO 'x %', a; END; $$ LANGUAGE plpgsql; CALL p(1)",
        ["? SELECT count(*) FROM t", "TRUNCATE u", "CALL p(1)"],
    ),
    (
        "oracle",
        "CREATE OR REPLACE PROCEDURE p(a IN NUMBER) IS CURSOR c IS SELECT x FROM t; v t.x%TYPE := 5; BEGIN FOR r IN c LOOP INSERT INTO u VALUES (r.x); END LOOP; FOR i IN 1..10 LOOP NULL; END LOOP; EXCEPTION WHEN OTHERS THEN ROLLBACK; RAISE; END p;\n/\nSELECT 1 FROM dual;",
        ["? SELECT x FROM t", "INSERT INTO u VALUES (r.x)", "ROLLBACK", "SELECT 1 FROM dual"],
    ),
    (
        "oracle",
        "CREATE PACKAGE BODY k AS g NUMBER := 0; PROCEDURE a IS BEGIN INSERT INTO t1 SELECT 1 FROM dual; END a; FUNCTION b RETURN NUMBER IS n NUMBER; BEGIN UPDATE t2 SET x = 1; RETURN n; END; END k;\n/\nDELETE FROM t3;",
        ["INSERT INTO t1 SELECT 1 FROM dual", "UPDATE t2 SET x = 1", "DELETE FROM t3"],
    ),
    (
        "oracle",
        "CREATE PACKAGE k IS PROCEDURE a(x NUMBER); FUNCTION b RETURN NUMBER; END k;\n/\nSELECT 1 FROM dual;",
        ["SELECT 1 FROM dual"],
    ),
    (
        "oracle",
        "CREATE TRIGGER g BEFORE INSERT OR UPDATE OF a ON t REFERENCING NEW AS n FOR EACH ROW WHEN (n.a > 1) DECLARE x INT; BEGIN INSERT INTO log SELECT 1 FROM dual; END;\n/\n",
        ["INSERT INTO log SELECT 1 FROM dual"],
    ),
    (
        "oracle",
        "BEGIN FORALL i IN 1..n SAVE EXCEPTIONS INSERT INTO t VALUES (a(i)); OPEN c FOR SELECT b FROM u; IF x = 1 THEN NULL; ELSIF y = 2 THEN DELETE FROM t; END IF; END;",
        ["INSERT INTO t VALUES (a(i))", "? SELECT b FROM u", "DELETE FROM t"],
    ),
    (
        "oracle",
        "DECLARE PROCEDURE q(z NUMBER) IS BEGIN DELETE FROM a WHERE b = z; END; BEGIN q(1); MERGE INTO t USING s ON (t.a = s.a) WHEN MATCHED THEN UPDATE SET b = 1; END;",
        [
            "DELETE FROM a WHERE b = z",
            "q(1)",
            "MERGE INTO t USING s ON (t.a = s.a) WHEN MATCHED THEN UPDATE SET b = 1",
        ],
    ),
    (
        "mysql",
        "DELIMITER //\nCREATE DEFINER=`a`@`b` PROCEDURE p(IN x INT)\nREADS SQL DATA\nBEGIN\n  DECLARE d INT DEFAULT 0;\n  DECLARE c CURSOR FOR SELECT a FROM t;\n  DECLARE CONTINUE HANDLER FOR NOT FOUND SET d = 1;\n  l: LOOP FETCH c INTO x; IF d THEN LEAVE l; END IF; INSERT INTO u VALUES (x); END LOOP;\nEND//\nDELIMITER ;\nSELECT 1;",
        ["? SELECT a FROM t", "INSERT INTO u VALUES (x)", "SELECT 1"],
    ),
    (
        "mysql",
        "DELIMITER $$\nCREATE PROCEDURE p() BEGIN SELECT '$$'; END$$\nCREATE PROCEDURE q() SELECT 2$$\nDELIMITER ;\nSELECT 3;",
        ["SELECT '$$'", "SELECT 2", "SELECT 3"],
    ),
    (
        "mysql",
        "CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW INSERT INTO log SELECT NEW.a; SELECT 1",
        ["INSERT INTO log SELECT NEW.a", "SELECT 1"],
    ),
    (
        "mysql",
        "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO DELETE FROM t; SELECT 1",
        ["DELETE FROM t", "SELECT 1"],
    ),
    (
        "databricks",
        "CREATE PROCEDURE p() LANGUAGE SQL SQL SECURITY INVOKER AS BEGIN DECLARE x INT DEFAULT 1; FOR r AS SELECT a FROM t DO INSERT INTO u VALUES (r.a); END FOR; END; SELECT 1",
        ["? SELECT a FROM t", "INSERT INTO u VALUES (r.a)", "SELECT 1"],
    ),
    (
        "databricks",
        "CREATE FUNCTION f(x INT) RETURNS INT RETURN x * 2; SELECT 1",
        ["CREATE FUNCTION f(x INT) RETURNS INT RETURN x * 2", "SELECT 1"],
    ),
    (
        "teradata",
        "REPLACE PROCEDURE p(IN a INT) BEGIN INSERT INTO t SELECT 1; END; SELECT 2",
        ["INSERT INTO t SELECT 1", "SELECT 2"],
    ),
    (
        "sqlite",
        "CREATE TRIGGER g AFTER INSERT ON t BEGIN INSERT INTO log SELECT 1; END; SELECT 2",
        ["INSERT INTO log SELECT 1", "SELECT 2"],
    ),
]

TSQL = [
    ("SELECT 1 SELECT 2", ["SELECT 1", "SELECT 2"]),
    (
        "INSERT INTO t (a) SELECT a FROM s UPDATE t SET a = 1 DELETE t FROM t JOIN u ON t.a = u.a",
        ["INSERT INTO t (a) SELECT a FROM s", "UPDATE t SET a = 1", "DELETE t FROM t JOIN u ON t.a = u.a"],
    ),
    ("INSERT t VALUES (1) SELECT 2", ["INSERT t VALUES (1)", "SELECT 2"]),
    ("INSERT t DEFAULT VALUES SELECT 2", ["INSERT t DEFAULT VALUES", "SELECT 2"]),
    ("INSERT INTO t EXEC dbo.p @a = 1 EXEC q", ["INSERT INTO t EXEC dbo.p @a = 1", "EXEC q"]),
    (
        "SELECT 1;WITH x AS (SELECT 1 AS a) INSERT INTO t SELECT a FROM x SELECT 3",
        ["SELECT 1", "WITH x AS (SELECT 1 AS a) INSERT INTO t SELECT a FROM x", "SELECT 3"],
    ),
    (
        "WITH x AS (SELECT 1 AS a) UPDATE t SET t.a = x.a FROM t, x SET NOCOUNT ON SELECT 1",
        ["WITH x AS (SELECT 1 AS a) UPDATE t SET t.a = x.a FROM t, x", "SELECT 1"],
    ),
    (
        "SELECT 1 UNION ALL SELECT 2 EXCEPT SELECT 3 SELECT 4",
        ["SELECT 1 UNION ALL SELECT 2 EXCEPT SELECT 3", "SELECT 4"],
    ),
    (
        "MERGE t USING s ON t.a = s.a WHEN MATCHED THEN UPDATE SET b = 1 WHEN NOT MATCHED THEN INSERT (a) VALUES (s.a) WHEN NOT MATCHED BY SOURCE THEN DELETE; SELECT 1",
        [
            "MERGE t USING s ON t.a = s.a WHEN MATCHED THEN UPDATE SET b = 1 WHEN NOT MATCHED THEN INSERT (a) VALUES (s.a) WHEN NOT MATCHED BY SOURCE THEN DELETE",
            "SELECT 1",
        ],
    ),
    (
        "CREATE VIEW v AS SELECT a FROM t WITH CHECK OPTION\nGO\nSELECT 1\nGO 5\nSELECT 2",
        ["CREATE VIEW v AS SELECT a FROM t WITH CHECK OPTION", "SELECT 1", "SELECT 2"],
    ),
    (
        "CREATE VIEW v WITH SCHEMABINDING AS WITH x AS (SELECT 1 AS a) SELECT a FROM x",
        ["CREATE VIEW v WITH SCHEMABINDING AS WITH x AS (SELECT 1 AS a) SELECT a FROM x"],
    ),
    (
        "SELECT a FROM t WITH (NOLOCK) ORDER BY a OFFSET 5 ROWS FETCH NEXT 5 ROWS ONLY OPTION (MAXDOP 1) SELECT 2",
        [
            "SELECT a FROM t WITH (NOLOCK) ORDER BY a OFFSET 5 ROWS FETCH NEXT 5 ROWS ONLY OPTION (MAXDOP 1)",
            "SELECT 2",
        ],
    ),
    (
        "CREATE TABLE t (a INT REFERENCES u (a) ON DELETE SET NULL ON UPDATE CASCADE) ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES u (a) ON DELETE SET NULL ALTER TABLE t DROP COLUMN b DROP TABLE t",
        [
            "CREATE TABLE t (a INT REFERENCES u (a) ON DELETE SET NULL ON UPDATE CASCADE)",
            "ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES u (a) ON DELETE SET NULL",
            "ALTER TABLE t DROP COLUMN b",
            "DROP TABLE t",
        ],
    ),
    (
        "ALTER TABLE t ALTER COLUMN a INT ALTER TABLE t SET (LOCK_ESCALATION = AUTO) SELECT 1",
        ["ALTER TABLE t ALTER COLUMN a INT", "ALTER TABLE t SET (LOCK_ESCALATION = AUTO)", "SELECT 1"],
    ),
    (
        "IF OBJECT_ID('t') IS NOT NULL DROP TABLE t CREATE TABLE t (a INT)",
        ["DROP TABLE t", "CREATE TABLE t (a INT)"],
    ),
    (
        "IF EXISTS (SELECT 1 FROM t) BEGIN DELETE FROM t END ELSE INSERT INTO t SELECT 1 SELECT 2",
        ["if EXISTS (SELECT 1 FROM t)", "DELETE FROM t", "INSERT INTO t SELECT 1", "SELECT 2"],
    ),
    ("IF @a = 1 SELECT 1 ELSE IF @a = 2 SELECT 2 ELSE SELECT 3", ["SELECT 1", "SELECT 2", "SELECT 3"]),
    (
        "DROP TABLE IF EXISTS t IF EXISTS (SELECT 1 FROM u) SELECT 1",
        ["DROP TABLE IF EXISTS t", "if EXISTS (SELECT 1 FROM u)", "SELECT 1"],
    ),
    (
        "WHILE @i < 10 BEGIN SET @i = @i + 1 IF @i = 5 BREAK INSERT INTO t SELECT @i END SELECT 1",
        ["INSERT INTO t SELECT @i", "SELECT 1"],
    ),
    (
        "BEGIN TRY BEGIN TRAN INSERT INTO t SELECT 1 COMMIT TRAN END TRY BEGIN CATCH IF @@TRANCOUNT > 0 ROLLBACK TRAN; THROW; END CATCH SELECT 2",
        ["BEGIN TRAN", "INSERT INTO t SELECT 1", "COMMIT TRAN", "ROLLBACK TRAN", "SELECT 2"],
    ),
    (
        "DECLARE @x INT = (SELECT max(a) FROM t), @y INT SET @y = (SELECT 1 FROM u) SELECT @x = a FROM w",
        ["? SELECT max(a) FROM t", "? SELECT 1 FROM u", "? SELECT @x = a FROM w"],
    ),
    (
        "DECLARE @t TABLE (a INT) INSERT INTO @t SELECT a FROM s",
        ["DECLARE @t TABLE (a INT)", "INSERT INTO @t SELECT a FROM s"],
    ),
    (
        "DECLARE c CURSOR LOCAL FAST_FORWARD FOR SELECT a FROM t OPEN c FETCH NEXT FROM c INTO @a WHILE @@FETCH_STATUS = 0 BEGIN UPDATE u SET b = @a FETCH NEXT FROM c INTO @a END CLOSE c DEALLOCATE c",
        ["? SELECT a FROM t", "UPDATE u SET b = @a"],
    ),
    (
        "SELECT a INTO #t FROM s PRINT 'done' USE other TRUNCATE TABLE t GRANT SELECT, INSERT ON t TO u SELECT 1",
        [
            "SELECT a INTO #t FROM s",
            "USE other",
            "TRUNCATE TABLE t",
            "GRANT SELECT, INSERT ON t TO u",
            "SELECT 1",
        ],
    ),
    (
        "CREATE PROC dbo.p @a INT = 1, @b AS INT OUTPUT WITH EXECUTE AS OWNER AS SET NOCOUNT ON; INSERT INTO t SELECT @a SELECT 2\nGO\nSELECT 3",
        ["INSERT INTO t SELECT @a", "SELECT 2", "SELECT 3"],
    ),
    (
        "CREATE OR ALTER PROCEDURE p AS BEGIN SELECT 1 BEGIN SELECT 2 END RETURN 0 END",
        ["SELECT 1", "SELECT 2"],
    ),
    (
        "CREATE FUNCTION f(@a INT) RETURNS TABLE AS RETURN (SELECT a FROM t WHERE a = @a)",
        ["? SELECT a FROM t WHERE a = @a"],
    ),
    (
        "CREATE FUNCTION f(@a INT) RETURNS INT AS BEGIN DECLARE @r INT SELECT @r = max(a) FROM t RETURN @r END",
        ["? SELECT @r = max(a) FROM t"],
    ),
    (
        "CREATE TRIGGER g ON t AFTER INSERT, UPDATE AS IF UPDATE(a) INSERT INTO log SELECT a FROM inserted",
        ["INSERT INTO log SELECT a FROM inserted"],
    ),
    (
        "SELECT CASE WHEN a = 1 THEN 'x' ELSE 'y' END AS b FROM t SELECT [end], [select] FROM u",
        ["SELECT CASE WHEN a = 1 THEN 'x' ELSE 'y' END AS b FROM t", "SELECT [end], [select] FROM u"],
    ),
    (
        "SELECT a FROM t FOR XML PATH('') SELECT LEFT(a, 1), REPLACE(a, 'x', '') FROM t INNER MERGE JOIN u ON t.a = u.a",
        [
            "SELECT a FROM t FOR XML PATH('')",
            "SELECT LEFT(a, 1), REPLACE(a, 'x', '') FROM t INNER MERGE JOIN u ON t.a = u.a",
        ],
    ),
    ("retry: BEGIN TRY DELETE FROM t END TRY BEGIN CATCH GOTO retry END CATCH", ["DELETE FROM t"]),
]

DYNAMIC = [
    (
        "bigquery",
        "EXECUTE IMMEDIATE 'INSERT INTO t SELECT 1; '; SELECT 2",
        ["INSERT INTO t SELECT 1", "SELECT 2"],
    ),
    (
        "bigquery",
        'EXECUTE IMMEDIATE """SELECT a FROM t WHERE b = \'x\'""" INTO y USING 1',
        ["? SELECT a FROM t WHERE b = 'x'"],
    ),
    (
        "bigquery",
        "DECLARE t STRING DEFAULT 'src'; EXECUTE IMMEDIATE FORMAT('INSERT INTO u SELECT a FROM %s WHERE d = %d', t, n)",
        ["INSERT INTO u SELECT a FROM src WHERE d = ?"],
    ),
    ("bigquery", "EXECUTE IMMEDIATE 'SELECT a FROM ' || tab", []),
    ("snowflake", "EXECUTE IMMEDIATE $$ BEGIN INSERT INTO t SELECT 1; END $$", ["INSERT INTO t SELECT 1"]),
    (
        "snowflake",
        "BEGIN LET q := 'SELECT a FROM ' || 't'; LET r RESULTSET := (EXECUTE IMMEDIATE :q); RETURN TABLE(r); END",
        ["SELECT a FROM t"],
    ),
    (
        "tsql",
        "EXEC('SELECT a FROM t') EXEC sp_executesql N'DELETE FROM u WHERE b = ''x'''",
        ["SELECT a FROM t", "DELETE FROM u WHERE b = 'x'"],
    ),
    (
        "tsql",
        "DECLARE @s NVARCHAR(MAX) = N'INSERT INTO t ' SET @s = @s + N'SELECT a FROM s WHERE d = ' + @d SET @s += N' AND e = 1' EXEC sys.sp_executesql @stmt = @s, N'@p int', @p = 1 SELECT 9",
        ["INSERT INTO t SELECT a FROM s WHERE d = ? AND e = 1", "SELECT 9"],
    ),
    (
        "tsql",
        "DECLARE @s VARCHAR(99) IF @a = 1 SET @s = 'SELECT a FROM t1' ELSE SET @s = 'SELECT a FROM t2' EXEC(@s)",
        ["SELECT a FROM t1", "SELECT a FROM t2"],
    ),
    ("tsql", "EXEC('SELECT a FROM sales_' + @y)", []),
    (
        "tsql",
        "EXEC('SELECT a FROM t WHERE b = ''' + @b + ''' AND c IN (1, ' + @c + ')')",
        ["SELECT a FROM t WHERE b = '?' AND c IN (1, ?)"],
    ),
    (
        "mysql",
        "SET @q = CONCAT('INSERT INTO t ', 'SELECT a FROM s'); PREPARE st FROM @q; EXECUTE st; DEALLOCATE PREPARE st; PREPARE s2 FROM 'SELECT 2'",
        ["INSERT INTO t SELECT a FROM s", "SELECT 2"],
    ),
    (
        "postgres",
        "DO $$ BEGIN EXECUTE format('INSERT INTO %I SELECT * FROM %I.%I WHERE a = %L', 't', 's', 'u', x); END $$",
        ["INSERT INTO t SELECT * FROM s.u WHERE a = ?"],
    ),
    (
        "postgres",
        "PREPARE p (int) AS INSERT INTO t SELECT $1; EXECUTE p(1); SELECT 2",
        ["INSERT INTO t SELECT $1", "SELECT 2"],
    ),
    (
        "oracle",
        "BEGIN EXECUTE IMMEDIATE 'TRUNCATE TABLE t'; EXECUTE IMMEDIATE q'[INSERT INTO t SELECT 'x' FROM s]'; END;",
        ["TRUNCATE TABLE t", "INSERT INTO t SELECT 'x' FROM s"],
    ),
    ("trino", "PREPARE p FROM SELECT a FROM t; EXECUTE p", ["SELECT a FROM t"]),
]


def id_of(case: tuple) -> str:
    return " ".join(str(x) for x in case[:-1])[:60]


@pytest.mark.parametrize("case", PLAIN + BLOCKS + DYNAMIC + [("tsql", *c) for c in TSQL], ids=id_of)
def test_scripts(case: tuple) -> None:
    dialect, sql, expected = case
    if expected is None:  # plain statements, each as it stands
        expected = [part.strip() for part in sql.split(";") if part.strip()]
        if dialect == "oracle":
            expected = ["SELECT 1 FROM dual"]
    assert shown(sql, dialect) == expected


@pytest.mark.parametrize(
    ("dialect", "sql", "expected"),
    [
        (
            "oracle",
            "BEGIN SELECT a, b INTO v, r.w FROM t WHERE c = 1; END;",
            ["? SELECT a , b FROM t WHERE c = 1"],
        ),
        ("oracle", "BEGIN SELECT a BULK COLLECT INTO l FROM t; END;", ["? SELECT a FROM t"]),
        ("oracle", "BEGIN UPDATE t SET a = 1 RETURNING b INTO v; END;", ["UPDATE t SET a = 1 RETURNING b"]),
        ("postgres", "DO $$ BEGIN SELECT a INTO STRICT v FROM t; END $$", ["? SELECT a FROM t"]),
        (
            "postgres",
            "DO $$ BEGIN WITH x AS (SELECT a FROM t) SELECT a FROM x INTO v; END $$",
            ["? WITH x AS ( SELECT a FROM t ) SELECT a FROM x"],
        ),
        (
            "postgres",
            "DO $$ BEGIN CREATE TABLE n AS SELECT 1; INSERT INTO t SELECT 1 RETURNING id INTO v; END $$",
            ["CREATE TABLE n AS SELECT 1", "INSERT INTO t SELECT 1 RETURNING id"],
        ),
        ("snowflake", "BEGIN SELECT a INTO :v FROM t; END", ["? SELECT a FROM t"]),
        (
            "mysql",
            "SELECT a INTO @v FROM t; SELECT a FROM t INTO OUTFILE 'f'",
            ["? SELECT a FROM t", "SELECT a FROM t INTO OUTFILE f"],
        ),
        ("tsql", "SELECT a INTO t2 FROM t", ["SELECT a INTO t2 FROM t"]),
        ("postgres", "SELECT a INTO t2 FROM t", ["SELECT a INTO t2 FROM t"]),
    ],
)
def test_into_variables(dialect: str, sql: str, expected: list[str]) -> None:
    assert words(sql, dialect) == expected


def test_variables_and_routines() -> None:
    sql = "CREATE PROCEDURE d.p(x INT64) BEGIN DECLARE y INT64; SELECT 1; END; SELECT 2"
    parameters, first, second = pieces(sql, Dialect.get_or_raise("bigquery"))[0]
    assert parameters.role == "assignment" and parameters.fill == Fill(("x",), constant=True)
    assert (first.routine, first.variables) == ("d.p", {"x", "y"})
    assert (second.routine, second.variables) == ("", frozenset())


def test_tsql_variables_end_with_their_batch() -> None:
    found, _ = pieces(
        "CREATE PROC p @A INT AS SELECT 1 DECLARE @b INT SELECT 2\nGO\nSELECT 3", Dialect.get_or_raise("tsql")
    )
    found = [p for p in found if p.role != "assignment"]
    assert [p.variables for p in found] == [{"a"}, {"a", "b"}, set()]
    assert [p.routine for p in found] == ["p", "p", ""]


def test_types_are_no_names() -> None:
    sql = "CREATE FUNCTION f(date, timestamp with time zone, IN a int, text) RETURNS int AS $$ SELECT 1 $$ LANGUAGE sql"
    parameters, body = pieces(sql, Dialect.get_or_raise("postgres"))[0]
    assert body.variables == {"a"} and parameters.fill == Fill(("a",), constant=True)


def test_lines_of_nested_texts() -> None:
    sql = "SELECT 0;\nCREATE FUNCTION f() RETURNS void AS $$\nBEGIN\n  INSERT INTO t SELECT 1;\nEND $$ LANGUAGE plpgsql;\nSELECT 1"
    found, _ = pieces(sql, Dialect.get_or_raise("postgres"))
    assert [p.line for p in found] == [1, 4, 6]
    assert found[1].tokens[0].line + found[1].line_shift == 4


def test_commands_parse() -> None:
    for dialect, sql in [
        ("bigquery", "BEGIN TRANSACTION; CALL p(1, 'a;b'); SELECT 1"),
        ("mysql", "REPLACE INTO t SELECT a FROM s; SELECT 1"),
    ]:
        d = Dialect.get_or_raise(dialect)
        for piece in pieces(sql, d)[0]:
            assert d.parser().parse(piece.tokens, piece.source)[0] is not None


@pytest.mark.parametrize(
    ("dialect", "sql", "language"),
    [
        (
            "snowflake",
            "CREATE PROCEDURE p() RETURNS INT LANGUAGE PYTHON RUNTIME_VERSION = '3.11' HANDLER = 'h' AS $$ x = 1; y $$; SELECT 1",
            "python",
        ),
        (
            "bigquery",
            'CREATE FUNCTION f(x INT64) RETURNS INT64 LANGUAGE js AS r"""return x;"""; SELECT 1',
            "js",
        ),
        (
            "postgres",
            "CREATE FUNCTION f() RETURNS int AS $$ return 1 $$ LANGUAGE plpython3u; SELECT 1",
            "plpython3u",
        ),
    ],
)
def test_other_languages_are_named(dialect: str, sql: str, language: str) -> None:
    found, problems = pieces(sql, Dialect.get_or_raise(dialect))
    assert [p.text for p in found] == ["SELECT 1"]
    assert len(problems) == 1
    assert language in problems[0].message


@pytest.mark.parametrize(
    ("dialect", "sql", "kept", "line"),
    [
        ("postgres", "SELECT 1;\nSELECT 'abc;\nSELECT 2;\nSELECT 3", ["SELECT 1", "SELECT 2", "SELECT 3"], 2),
        (
            "bigquery",
            "SELECT 1;\nSELECT `a;\nSELECT 'x;\n y';\nSELECT 3",
            ["SELECT 1", "SELECT 'x;\n y'", "SELECT 3"],
            2,
        ),
        ("tsql", "SELECT 1;\nSELECT /* 2", ["SELECT 1"], 2),
        ("snowflake", "SELECT 'a;\n$$", [], 1),
    ],
)
def test_broken_text_hides_nothing_else(dialect: str, sql: str, kept: list[str], line: int) -> None:
    found, problems = pieces(sql, Dialect.get_or_raise(dialect))
    assert [p.text for p in found] == kept
    assert problems[0].line == line


def test_unknown_dynamic_sql_is_told() -> None:
    _, problems = pieces("SELECT 1\nEXEC('SELECT a FROM ' + @t)", Dialect.get_or_raise("tsql"))
    assert [(p.message, p.line, p.column) for p in problems] == [
        ("dynamic SQL cannot be known from the text", 2, 1)
    ]


def test_client_commands_are_told() -> None:
    _, problems = pieces("SELECT 1;\n\\copy t from 'x'\n\\set a 1\n", Dialect.get_or_raise("postgres"))
    assert [(p.message, p.line) for p in problems] == [
        ("client command \\copy is not read", 2),
        ("client command \\set is not read", 3),
    ]


def test_nested_dynamic_sql_is_bounded() -> None:
    sql = "SELECT 1"
    for _ in range(7):
        sql = "EXEC('" + sql.replace("'", "''") + "')"
    found, problems = pieces(sql, Dialect.get_or_raise("tsql"))
    assert found == []
    assert len(problems) == 1
    doubling = "DECLARE @s VARCHAR(MAX) = 'SELECT 1 ' " + "SET @s = @s + @s " * 60 + "EXEC(@s)"
    assert len(pieces(doubling, Dialect.get_or_raise("tsql"))[1]) == 1


N = 10_000
HOSTILE = [
    "BEGIN " * N + "SELECT 1",
    "IF (" * N,
    "(" * N + "SELECT 1" + ")" * N,
    "IF 1=1 " * N + "SELECT 1",
    "CASE WHEN a THEN " * N,
    "CREATE PROCEDURE p() " * N,
    "CREATE PROCEDURE p AS BEGIN " * N,
    "DECLARE x INT DEFAULT (" * N,
    "EXECUTE IMMEDIATE (" * N,
    "DECLARE @a INT SELECT 1 " * N,
    "SET @s = 'x' + (" * N,
    "END " * N,
    "FOR r IN (" * N,
    "a: " * N,
    "<<a>> " * N,
    "SELECT 'a;\n" * N,
    "WITH x AS (" * N,
    "INSERT INTO t SELECT " * N,
    "DELIMITER //\n" * N,
    "CALL BEGIN " * N,
    "$$;\n" * N,
    "x := (SELECT 1; " * N,
]


@pytest.mark.parametrize("dialect", ["tsql", "postgres", "mysql"])
def test_hostile_scripts_take_linear_time(dialect: str) -> None:
    d = Dialect.get_or_raise(dialect)
    for sql in HOSTILE:
        sql = sql[:60_000]
        started = time.process_time()
        pieces(sql, d)
        assert time.process_time() - started < 1, (dialect, sql[:40])


STATEMENTS = [
    "SELECT a, CASE WHEN b = 1 THEN 'x;y' ELSE c END AS d FROM t WHERE e IN (SELECT f FROM u)",
    "INSERT INTO t (a, b) SELECT a, b FROM s",
    "UPDATE t SET a = 1, b = (SELECT max(c) FROM u) WHERE d = 'it''s'",
    "DELETE FROM t WHERE a = 1",
    "MERGE INTO t USING s ON t.a = s.a WHEN MATCHED THEN UPDATE SET b = s.b WHEN NOT MATCHED THEN INSERT (a) VALUES (s.a)",
    "WITH x AS (SELECT 1 AS a) SELECT a FROM x UNION ALL SELECT 2",
    "CREATE TABLE t AS SELECT a FROM s",
    "CREATE VIEW v AS SELECT a FROM s",
    "DROP TABLE IF EXISTS t",
    "TRUNCATE TABLE t",
    "ALTER TABLE t ADD c INT",
]
DIALECTS = [
    "",
    "bigquery",
    "snowflake",
    "postgres",
    "mysql",
    "oracle",
    "databricks",
    "tsql",
    "duckdb",
    "redshift",
]
scripts = st.lists(st.sampled_from(STATEMENTS), min_size=1, max_size=6)


@settings(deadline=None, max_examples=60)
@given(scripts, st.sampled_from(DIALECTS), st.sampled_from(["; ", ";\n", " ;;\n-- x;\n"]))
def test_concatenated_statements_come_back(statements: list[str], dialect: str, between: str) -> None:
    assert shown(between.join(statements), dialect) == statements


@settings(deadline=None, max_examples=60)
@given(scripts, st.sampled_from(["\n", " ", "\nGO\n", " ; "]))
def test_tsql_needs_no_semicolons(statements: list[str], between: str) -> None:
    kept = [s for s in statements if not s.startswith("WITH")]
    assert shown(between.join(kept), "tsql") == kept


WORDS = ["SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "INTO", "FROM", "t", "a", "=", "(", ")", ";", "BEGIN", "END", "IF", "THEN", "ELSE", "CASE", "WHEN", "LOOP", "WHILE", "DO", "FOR", "IN", "DECLARE", "SET", "x", ":=", "'s'", "AS", "WITH", "CREATE", "PROCEDURE", "p", "@", ",", "REPEAT", "UNTIL", "EXECUTE", "IMMEDIATE", "RETURN", "VALUES", "UNION", "$$", "\n", "GO", "/", ":", "OPEN", "CURSOR", "TRIGGER", "LANGUAGE", "EXCEPTION", "DO", "PREPARE", "\\"]  # fmt: skip


@settings(deadline=None, max_examples=300)
@given(st.lists(st.sampled_from(WORDS), max_size=40), st.sampled_from(DIALECTS))
def test_any_words_are_cut_without_failure(parts: list[str], dialect: str) -> None:
    sql = " ".join(parts)
    found, _ = pieces(sql, Dialect.get_or_raise(dialect))
    assert all(p.tokens for p in found)


BLOCK = {
    "bigquery": [
        "BEGIN {} END;",
        "IF a THEN {} END IF;",
        "LOOP {} END LOOP;",
        "WHILE a DO {} END WHILE;",
        "REPEAT {} UNTIL a END REPEAT;",
        "CREATE PROCEDURE p() BEGIN {} END;",
    ],
    "oracle": [
        "BEGIN {} END;",
        "IF a THEN NULL; ELSE {} END IF;",
        "FOR i IN 1..2 LOOP {} END LOOP;",
        "DECLARE x INT; BEGIN {} END;",
        "BEGIN NULL; EXCEPTION WHEN OTHERS THEN {} END;",
    ],
    "tsql": [
        "BEGIN {} END",
        "IF @a = 1 BEGIN {} END",
        "WHILE @a = 1 BEGIN {} END",
        "BEGIN TRY {} END TRY BEGIN CATCH PRINT 'x' END CATCH",
    ],
    "mysql": [
        "BEGIN {} END;",
        "CASE a WHEN 1 THEN {} END CASE;",
        "l: LOOP {} END LOOP l;",
        "IF a THEN {} ELSEIF b THEN DO 1; END IF;",
    ],
}
DML = [s for s in STATEMENTS if s.split()[0] in ("INSERT", "UPDATE", "DELETE", "MERGE", "SELECT")]


@settings(deadline=None, max_examples=100)
@given(st.data(), st.sampled_from(sorted(BLOCK)))
def test_blocks_lose_no_statement(data: st.DataObject, dialect: str) -> None:
    expected, script = [], ""
    for _ in range(data.draw(st.integers(1, 6))):
        statement = data.draw(st.sampled_from(DML))
        expected.append(statement)
        script += f" {statement};"
        if data.draw(st.booleans()):
            script = data.draw(st.sampled_from(BLOCK[dialect])).format(script)
    assert shown(script, dialect) == expected


def test_family() -> None:
    assert [family(Dialect.get_or_raise(d)) for d in ("spark", "doris", "")] == ["hive", "mysql", ""]


def test_names_of_a_block_end_with_it() -> None:
    sql = "DECLARE a INT64; BEGIN DECLARE b INT64; SELECT 1; END; FOR r IN (SELECT 1) DO SELECT 2; END FOR; SELECT 3"
    found, _ = pieces(sql, Dialect.get_or_raise("bigquery"))
    assert [p.variables for p in found if p.role == "statement"] == [{"a", "b"}, {"a", "r"}, {"a"}]


def test_execute_as_is_no_procedure() -> None:
    assert shown("EXECUTE AS USER = 'x' SELECT 1 REVERT SELECT 2", "tsql") == ["SELECT 1", "SELECT 2"]
