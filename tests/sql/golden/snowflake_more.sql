-- case: statements that move no data
-- dialect: snowflake
USE ROLE sysadmin;
USE WAREHOUSE wh;
ALTER SESSION SET QUERY_TAG = 'x; y';
CREATE STAGE IF NOT EXISTS lake URL = 's3://b/' FILE_FORMAT = (TYPE = CSV FIELD_DELIMITER = ';');
CREATE OR REPLACE FILE FORMAT fmt TYPE = JSON;
GRANT SELECT ON ALL TABLES IN SCHEMA mart TO ROLE bi;
CREATE OR REPLACE MASKING POLICY mask_mail AS (v STRING) RETURNS STRING -> CASE WHEN CURRENT_ROLE() = 'X' THEN v ELSE '***' END;
ALTER TABLE mart.u MODIFY COLUMN mail SET MASKING POLICY mask_mail;
SHOW TABLES LIKE 'x%';
COMMENT ON TABLE mart.u IS 'a; b';
PUT file:///tmp/x.csv @lake;
REMOVE @lake/old;
;;;
===
-- case: stream over a table
-- dialect: snowflake
-- schema: RAW.U(ID, MAIL)
CREATE OR REPLACE STREAM raw.s ON TABLE raw.u APPEND_ONLY = TRUE
;;;
RAW.S.ID <- RAW.U.ID IDENTITY plain
RAW.S.MAIL <- RAW.U.MAIL IDENTITY plain
===
-- case: task runs its statement
-- dialect: snowflake
CREATE OR REPLACE TASK etl.daily WAREHOUSE = wh SCHEDULE = 'USING CRON 0 5 * * * UTC' AS
INSERT INTO mart.d (day, n) SELECT day, COUNT(id) FROM raw.t GROUP BY day
;;;
MART.D.DAY <- RAW.T.DAY IDENTITY plain
MART.D.N <- RAW.T.ID AGGREGATION aggregated
MART.D <- RAW.T.DAY GROUP_BY
===
-- case: materialized view and transient clone of it
-- dialect: snowflake
CREATE MATERIALIZED VIEW mart.mv CLUSTER BY (id) AS SELECT id, ANY_VALUE(v) AS v FROM raw.t GROUP BY id
;;;
MART.MV.ID <- RAW.T.ID IDENTITY plain
MART.MV.V <- RAW.T.V AGGREGATION plain
MART.MV <- RAW.T.ID GROUP_BY
===
-- case: PIVOT of any values
-- dialect: snowflake
-- schema: SALES(EMPID, AMOUNT, MONTH)
SELECT * FROM sales PIVOT (SUM(amount) FOR month IN (ANY ORDER BY month))
;;;
.EMPID <- SALES.EMPID IDENTITY plain
.* <- SALES.AMOUNT AGGREGATION aggregated
.* <- SALES.MONTH CONDITIONAL
* <- SALES.EMPID GROUP_BY
===
-- case: PIVOT names its columns after the values
-- dialect: snowflake
-- schema: SALES(EMPID, AMOUNT, MONTH)
SELECT empid, "'JAN'" AS jan FROM sales PIVOT (SUM(amount) FOR month IN ('JAN', 'FEB'))
;;;
.EMPID <- SALES.EMPID IDENTITY plain
.JAN <- SALES.AMOUNT AGGREGATION aggregated
.JAN <- SALES.MONTH CONDITIONAL
* <- SALES.EMPID GROUP_BY
===
-- case: scalar subqueries, ANY and nested EXISTS
-- dialect: snowflake
SELECT id FROM t WHERE amount > ALL (SELECT amount FROM u WHERE u.kind = t.kind)
  AND NOT EXISTS (SELECT 1 FROM v WHERE v.id = t.id AND EXISTS (SELECT 1 FROM w WHERE w.vid = v.vid))
;;;
.ID <- T.ID IDENTITY plain
* <- T.AMOUNT FILTER
* <- U.AMOUNT FILTER
* <- U.KIND FILTER
* <- T.KIND FILTER
* <- V.ID FILTER
* <- T.ID FILTER
* <- W.VID FILTER
* <- V.VID FILTER
===
-- case: lateral join of a correlated subquery
-- dialect: snowflake
SELECT d.name, e.top FROM departments d, LATERAL (SELECT MAX(salary) AS top FROM employees e WHERE e.dep_id = d.id) e
;;;
.NAME <- DEPARTMENTS.NAME IDENTITY plain
.TOP <- EMPLOYEES.SALARY AGGREGATION plain
* <- EMPLOYEES.DEP_ID FILTER
* <- DEPARTMENTS.ID FILTER
===
-- case: join of nested parentheses
-- dialect: snowflake
SELECT a.x, b.y, c.z FROM a LEFT JOIN (b INNER JOIN c ON b.id = c.id) ON a.id = b.aid
;;;
.X <- A.X IDENTITY plain
.Y <- B.Y IDENTITY plain
.Z <- C.Z IDENTITY plain
* <- B.ID JOIN
* <- C.ID JOIN
* <- A.ID JOIN
* <- B.AID JOIN
===
-- case: MERGE with column values from a VALUES list
-- dialect: snowflake
MERGE INTO cfg t USING (SELECT column1 AS k, column2 AS v FROM VALUES ('a', 1), ('b', 2)) s ON t.k = s.k
WHEN MATCHED THEN UPDATE SET v = s.v, n = t.n + 1 WHEN NOT MATCHED THEN INSERT (k, v) VALUES (s.k, s.v)
;;;
CFG.N <- CFG.N TRANSFORMATION plain
CFG <- CFG.K JOIN
===
-- case: update with a scalar subquery
-- dialect: snowflake
UPDATE mart.u SET last_order = (SELECT MAX(o.ts) FROM raw.orders o WHERE o.uid = u.id), n = n + 1 WHERE u.active
;;;
MART.U.LAST_ORDER <- RAW.ORDERS.TS AGGREGATION plain
MART.U.N <- MART.U.N TRANSFORMATION plain
MART.U <- RAW.ORDERS.UID FILTER
MART.U <- MART.U.ID FILTER
MART.U <- MART.U.ACTIVE FILTER
===
-- case: COPY with transformations and a table alias
-- dialect: snowflake
COPY INTO raw.events (id, file, row_no, body)
FROM (
  SELECT t.$1:id::varchar, METADATA$FILENAME, METADATA$FILE_ROW_NUMBER, t.$1
  FROM @raw.lake/events/2024/ t
)
PATTERN = '.*events_[0-9]+[.]json[.]gz' FILE_FORMAT = (FORMAT_NAME = 'raw.json_fmt') FORCE = TRUE
;;;
RAW.EVENTS.ID <- @raw.lake/events/2024/.$1 TRANSFORMATION plain @id
RAW.EVENTS.FILE <- @raw.lake/events/2024/.METADATA$FILENAME IDENTITY plain
RAW.EVENTS.ROW_NO <- @raw.lake/events/2024/.METADATA$FILE_ROW_NUMBER IDENTITY plain
RAW.EVENTS.BODY <- @raw.lake/events/2024/.$1 IDENTITY plain
===
-- case: pipe holds its COPY
-- dialect: snowflake
CREATE PIPE raw.p AUTO_INGEST = TRUE AS COPY INTO raw.u (id) FROM (SELECT $1 FROM @lake/u/)
;;;
RAW.U.ID <- @lake/u/.$1 IDENTITY plain
outputs: RAW.U
===
-- case: external table over a stage
-- known: expressions of columns over VALUE are not read
-- dialect: snowflake
CREATE OR REPLACE EXTERNAL TABLE ext.logs (
  day DATE AS (TO_DATE(VALUE:c1::varchar)),
  line VARCHAR AS (VALUE:c2::varchar)
) LOCATION = @lake/logs/ FILE_FORMAT = (TYPE = CSV)
;;;
EXT.LOGS.DAY <- @lake/logs/.VALUE TRANSFORMATION plain @c1
EXT.LOGS.LINE <- @lake/logs/.VALUE TRANSFORMATION plain @c2
===
-- case: time travel and changes
-- dialect: snowflake
SELECT a.id, b.v FROM t AT (TIMESTAMP => '2024-01-01'::timestamp) a JOIN u BEFORE (STATEMENT => 'x') b ON a.id = b.id
;;;
.ID <- T.ID IDENTITY plain
.V <- U.V IDENTITY plain
* <- T.ID JOIN
* <- U.ID JOIN
===
-- case: quoted alias with dots and quotes
-- dialect: snowflake
SELECT "u"."E-Mail.Adresse" AS "Mail ""x""", "u"."ID" FROM "Raw"."User.Data" AS "u"
;;;
.Mail "x" <- Raw.User.Data.E-Mail.Adresse IDENTITY plain
.ID <- Raw.User.Data.ID IDENTITY plain
===
-- case: whole row in functions
-- dialect: snowflake
-- schema: T(A, B)
SELECT OBJECT_CONSTRUCT(*) AS o, HASH(*) AS h FROM t
;;;
.O <- T.A TRANSFORMATION plain
.O <- T.B TRANSFORMATION plain
.H <- T.A TRANSFORMATION pseudonymised
.H <- T.B TRANSFORMATION pseudonymised
===
-- case: defaults are folded as the dialect does
-- dialect: snowflake
-- default: db.sch
CREATE TEMP TABLE tmp AS SELECT id FROM t;
INSERT INTO mart SELECT id FROM db.sch.tmp;
;;;
DB.SCH.MART.ID <- DB.SCH.T.ID IDENTITY plain
inputs: DB.SCH.T
===
-- case: old outer join marks
-- dialect: snowflake
SELECT t1.a, t2.b FROM t1, t2 WHERE t1.id = t2.id (+)
;;;
.A <- T1.A IDENTITY plain
.B <- T2.B IDENTITY plain
* <- T1.ID FILTER
* <- T2.ID FILTER
===
-- case: variables of the session and of a block
-- dialect: snowflake
SET m = (SELECT max(x) FROM t);
INSERT INTO u (a) SELECT $m;
BEGIN
  LET n := (SELECT min(y) FROM t);
  INSERT INTO u (b) SELECT :n;
END;
;;;
U.A <- T.X AGGREGATION plain
U.B <- T.Y AGGREGATION plain
===
-- case: a part of JSON has one path, whether an element is chosen or all are taken apart
-- dialect: snowflake
SELECT payload:geo[0].lat AS one, f.value:lat AS each FROM raw.t, LATERAL FLATTEN(input => payload:geo) f
;;;
.ONE <- RAW.T.PAYLOAD TRANSFORMATION plain @geo.lat
.EACH <- RAW.T.PAYLOAD TRANSFORMATION plain @geo.lat
===
