-- case: unquoted names are upper, quoted ones stay
-- dialect: snowflake
SELECT id, "userName" AS user_name, t.Status FROM DB.Raw.Users t
;;;
.ID <- DB.RAW.USERS.ID IDENTITY plain
.USER_NAME <- DB.RAW.USERS.userName IDENTITY plain
.STATUS <- DB.RAW.USERS.STATUS IDENTITY plain
===
-- case: defaults complete table names
-- dialect: snowflake
-- default: prod.raw
SELECT a.id, b.id AS bid FROM users a, other.accounts b
;;;
.ID <- prod.raw.USERS.ID IDENTITY plain
.BID <- prod.OTHER.ACCOUNTS.ID IDENTITY plain
===
-- case: star EXCLUDE, RENAME and REPLACE
-- dialect: snowflake
-- schema: raw.users(id, email, name, pwd)
SELECT * EXCLUDE (pwd) REPLACE (LOWER(email) AS email) RENAME (name AS full_name) FROM raw.users
;;;
.id <- raw.users.id IDENTITY plain
.email <- raw.users.email TRANSFORMATION plain
.full_name <- raw.users.name IDENTITY plain
columns: id, email, full_name
===
-- case: star ILIKE
-- dialect: snowflake
-- schema: raw.users(user_id, email, user_name)
SELECT * ILIKE 'user%' FROM raw.users
;;;
.user_id <- raw.users.user_id IDENTITY plain
.user_name <- raw.users.user_name IDENTITY plain
===
-- case: qualified stars of a join
-- dialect: snowflake
-- schema: raw.users(id, email)
SELECT u.*, o.* EXCLUDE id FROM raw.users u LEFT JOIN raw.orders o ON o.user_id = u.id
;;;
.id <- raw.users.id IDENTITY plain
.email <- raw.users.email IDENTITY plain
.* <- raw.orders.* IDENTITY plain
* <- raw.orders.user_id JOIN
* <- raw.users.id JOIN
===
-- case: lateral column aliases
-- dialect: snowflake
-- schema: raw.orders(net, tax, fx)
SELECT net + tax AS gross, gross * fx AS gross_eur, gross_eur > 100 AS big FROM raw.orders WHERE gross > 0
;;;
.gross <- raw.orders.net TRANSFORMATION plain
.gross <- raw.orders.tax TRANSFORMATION plain
.gross_eur <- raw.orders.net TRANSFORMATION plain
.gross_eur <- raw.orders.tax TRANSFORMATION plain
.gross_eur <- raw.orders.fx TRANSFORMATION plain
.big <- raw.orders.net TRANSFORMATION derived
.big <- raw.orders.tax TRANSFORMATION derived
.big <- raw.orders.fx TRANSFORMATION derived
* <- raw.orders.net FILTER
* <- raw.orders.tax FILTER
===
-- case: a source column wins over an alias of the same name
-- dialect: snowflake
-- schema: t(a, b)
SELECT b AS a, a + 1 AS c FROM t
;;;
.a <- t.b IDENTITY plain
.c <- t.a TRANSFORMATION plain
===
-- case: variant paths and casts
-- dialect: snowflake
SELECT
  v:user.email::string AS email,
  v:items[0].sku::varchar AS first_sku,
  v['user']['id'] AS user_id,
  GET_PATH(v, 'device.os') AS os,
  v:"Mixed Case".x AS mixed
FROM raw.events
;;;
.EMAIL <- RAW.EVENTS.V TRANSFORMATION plain @user.email
.FIRST_SKU <- RAW.EVENTS.V TRANSFORMATION plain @items.sku
.USER_ID <- RAW.EVENTS.V TRANSFORMATION plain @user.id
.OS <- RAW.EVENTS.V TRANSFORMATION plain @device.os
.MIXED <- RAW.EVENTS.V TRANSFORMATION plain @Mixed Case.x
===
-- case: PARSE_JSON of a text column
-- dialect: snowflake
SELECT PARSE_JSON(payload):order.id::int AS order_id FROM raw.msgs
;;;
.ORDER_ID <- RAW.MSGS.PAYLOAD TRANSFORMATION plain @order.id
===
-- case: LATERAL FLATTEN of a path
-- dialect: snowflake
SELECT e.id, f.value:sku::string AS sku, f.index AS pos
FROM raw.events e, LATERAL FLATTEN(input => e.v:items) f
WHERE f.value:qty > 0
;;;
.ID <- RAW.EVENTS.ID IDENTITY plain
.SKU <- RAW.EVENTS.V TRANSFORMATION plain @items.sku
.POS <- RAW.EVENTS.V TRANSFORMATION derived @items
* <- RAW.EVENTS.V FILTER @items.qty
===
-- case: nested FLATTEN, outer and recursive forms
-- dialect: snowflake
SELECT o.value:id AS order_id, i.value:sku AS sku, i.key AS k
FROM raw.events, TABLE(FLATTEN(input => v:orders, OUTER => TRUE)) o, LATERAL FLATTEN(o.value, path => 'items') i
;;;
.ORDER_ID <- RAW.EVENTS.V TRANSFORMATION plain @orders.id
.SKU <- RAW.EVENTS.V TRANSFORMATION plain @orders.items.sku
.K <- RAW.EVENTS.V TRANSFORMATION derived @orders.items
===
-- case: SPLIT_TO_TABLE
-- dialect: snowflake
SELECT p.id, s.value AS tag FROM raw.posts p, LATERAL SPLIT_TO_TABLE(p.tags, ',') s
;;;
.ID <- RAW.POSTS.ID IDENTITY plain
.TAG <- RAW.POSTS.TAGS TRANSFORMATION plain
===
-- case: generator has no input
-- dialect: snowflake
SELECT ROW_NUMBER() OVER (ORDER BY SEQ4()) AS n, DATEADD(day, n, '2024-01-01') AS d FROM TABLE(GENERATOR(ROWCOUNT => 365))
;;;
inputs: -
columns: N, D
===
-- case: files of a stage
-- dialect: snowflake
SELECT t.$1 AS id, t.$2:email::string AS email, METADATA$FILENAME AS file FROM @raw.stage/users/ (FILE_FORMAT => 'csv_fmt', PATTERN => '.*[.]csv') t
;;;
.ID <- @raw.stage/users/.$1 IDENTITY plain
.EMAIL <- @raw.stage/users/.$2 TRANSFORMATION plain @email
.FILE <- @raw.stage/users/.METADATA$FILENAME IDENTITY plain
inputs: @raw.stage/users/
===
-- case: COPY INTO a table from a stage
-- dialect: snowflake
-- schema: RAW.USERS(ID, EMAIL)
COPY INTO raw.users FROM @lake/users/ FILE_FORMAT = (TYPE = PARQUET) MATCH_BY_COLUMN_NAME = CASE_INSENSITIVE
;;;
RAW.USERS.ID <- @lake/users/.ID IDENTITY plain
RAW.USERS.EMAIL <- @lake/users/.EMAIL IDENTITY plain
inputs: @lake/users/
outputs: RAW.USERS
===
-- case: COPY INTO a table with a query over the stage
-- dialect: snowflake
COPY INTO raw.users (id, email) FROM (SELECT $1:id::int, LOWER($1:email) FROM @lake/users/) FILE_FORMAT = (TYPE = JSON) ON_ERROR = 'skip_file'
;;;
RAW.USERS.ID <- @lake/users/.$1 TRANSFORMATION plain @id
RAW.USERS.EMAIL <- @lake/users/.$1 TRANSFORMATION plain @email
===
-- case: COPY INTO a location unloads
-- dialect: snowflake
COPY INTO 's3://bucket/out/users.csv' FROM (SELECT id, MD5(email) AS mail FROM mart.users WHERE active) FILE_FORMAT = (TYPE = CSV) HEADER = TRUE
;;;
s3://bucket/out/users.csv.ID <- MART.USERS.ID IDENTITY plain
s3://bucket/out/users.csv.MAIL <- MART.USERS.EMAIL TRANSFORMATION pseudonymised
s3://bucket/out/users.csv <- MART.USERS.ACTIVE FILTER
outputs: s3://bucket/out/users.csv
===
-- case: COPY INTO a stage from a table
-- dialect: snowflake
COPY INTO @exports/daily/ FROM mart.daily PARTITION BY (TO_VARCHAR(day)) FILE_FORMAT = (TYPE = PARQUET)
;;;
@exports/daily/.* <- MART.DAILY.* IDENTITY plain
inputs: MART.DAILY
outputs: @exports/daily/
===
-- case: QUALIFY, then an alias in it
-- dialect: snowflake
SELECT id, email, ROW_NUMBER() OVER (PARTITION BY id ORDER BY loaded_at DESC) AS rn FROM raw.users QUALIFY rn = 1
;;;
.ID <- RAW.USERS.ID IDENTITY plain
.EMAIL <- RAW.USERS.EMAIL IDENTITY plain
.RN <- RAW.USERS.ID WINDOW
.RN <- RAW.USERS.LOADED_AT WINDOW
* <- RAW.USERS.ID FILTER
* <- RAW.USERS.LOADED_AT FILTER
===
-- case: conditional functions of Snowflake
-- dialect: snowflake
SELECT IFF(a > 0, b, c) AS x, NVL(d, e) AS y, NVL2(f, g, h) AS z, ZEROIFNULL(i) AS zero, DECODE(j, 1, k, l) AS dec FROM t
;;;
.X <- T.A CONDITIONAL
.X <- T.B TRANSFORMATION plain
.X <- T.C TRANSFORMATION plain
.Y <- T.D TRANSFORMATION plain
.Y <- T.D CONDITIONAL
.Y <- T.E TRANSFORMATION plain
.Y <- T.E CONDITIONAL
.Z <- T.F CONDITIONAL
.Z <- T.G TRANSFORMATION plain
.Z <- T.H TRANSFORMATION plain
.ZERO <- T.I TRANSFORMATION plain
.ZERO <- T.I CONDITIONAL
.DEC <- T.J CONDITIONAL
.DEC <- T.K TRANSFORMATION plain
.DEC <- T.L TRANSFORMATION plain
===
-- case: LISTAGG, ARRAY_AGG and OBJECT_CONSTRUCT
-- dialect: snowflake
SELECT
  LISTAGG(DISTINCT tag, ', ') WITHIN GROUP (ORDER BY prio) AS tags,
  ARRAY_AGG(OBJECT_CONSTRUCT('id', id, 'amount', amount)) WITHIN GROUP (ORDER BY ts) AS items,
  PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY price) AS median
FROM t GROUP BY ALL
;;;
.TAGS <- T.TAG AGGREGATION plain
.TAGS <- T.PRIO WINDOW
.ITEMS <- T.ID AGGREGATION plain
.ITEMS <- T.AMOUNT AGGREGATION plain
.ITEMS <- T.TS WINDOW
.MEDIAN <- T.PRICE AGGREGATION aggregated
===
-- case: GROUP BY ALL
-- dialect: snowflake
SELECT country, DATE_TRUNC('month', day) AS month, SUM(x) AS s FROM t GROUP BY ALL
;;;
.COUNTRY <- T.COUNTRY IDENTITY plain
.MONTH <- T.DAY TRANSFORMATION plain
.S <- T.X AGGREGATION aggregated
* <- T.COUNTRY GROUP_BY
* <- T.DAY GROUP_BY
===
-- case: NATURAL JOIN of known tables
-- dialect: snowflake
-- schema: a(id, day, x); b(id, day, y)
SELECT * FROM a NATURAL LEFT JOIN b
;;;
.id <- a.id IDENTITY plain
.id <- b.id IDENTITY plain
.day <- a.day IDENTITY plain
.day <- b.day IDENTITY plain
.x <- a.x IDENTITY plain
.y <- b.y IDENTITY plain
* <- a.id JOIN
* <- b.id JOIN
* <- a.day JOIN
* <- b.day JOIN
columns: id, day, x, y
===
-- case: ASOF JOIN
-- dialect: snowflake
SELECT t.sym, t.price, q.bid FROM trades t ASOF JOIN quotes q MATCH_CONDITION (t.ts >= q.ts) ON t.sym = q.sym
;;;
.SYM <- TRADES.SYM IDENTITY plain
.PRICE <- TRADES.PRICE IDENTITY plain
.BID <- QUOTES.BID IDENTITY plain
* <- TRADES.TS JOIN
* <- QUOTES.TS JOIN
* <- TRADES.SYM JOIN
* <- QUOTES.SYM JOIN
===
-- case: PIVOT with an alias column list
-- dialect: snowflake
-- schema: sales(empid, amount, month)
SELECT * FROM sales PIVOT (SUM(amount) FOR month IN ('JAN', 'FEB')) AS p (emp, jan, feb)
;;;
.emp <- sales.empid IDENTITY plain
.jan <- sales.amount AGGREGATION aggregated
.jan <- sales.month CONDITIONAL
.feb <- sales.amount AGGREGATION aggregated
.feb <- sales.month CONDITIONAL
* <- sales.empid GROUP_BY
columns: emp, jan, feb
===
-- case: UNPIVOT of a subquery
-- dialect: snowflake
SELECT empid, month, amount FROM (SELECT empid, jan, feb FROM sales) UNPIVOT (amount FOR month IN (jan, feb)) ORDER BY empid
;;;
.EMPID <- SALES.EMPID IDENTITY plain
.AMOUNT <- SALES.JAN IDENTITY plain
.AMOUNT <- SALES.FEB IDENTITY plain
* <- SALES.JAN FILTER
* <- SALES.FEB FILTER
* <- SALES.EMPID SORT
===
-- case: MATCH_RECOGNIZE
-- dialect: snowflake
SELECT company, start_date, drop_pct
FROM stock_price_history MATCH_RECOGNIZE (
  PARTITION BY company
  ORDER BY price_date
  MEASURES FIRST(price_date) AS start_date, LAST(down.price) / FIRST(price) AS drop_pct
  ONE ROW PER MATCH
  AFTER MATCH SKIP TO LAST up
  PATTERN (strt down+ up+)
  DEFINE down AS price < LAG(price), up AS price > LAG(price)
)
;;;
.COMPANY <- STOCK_PRICE_HISTORY.COMPANY IDENTITY plain
.START_DATE <- STOCK_PRICE_HISTORY.PRICE_DATE AGGREGATION plain
.DROP_PCT <- STOCK_PRICE_HISTORY.PRICE AGGREGATION plain
* <- STOCK_PRICE_HISTORY.PRICE FILTER
* <- STOCK_PRICE_HISTORY.COMPANY GROUP_BY
* <- STOCK_PRICE_HISTORY.PRICE_DATE SORT
===
-- case: CONNECT BY
-- dialect: snowflake
SELECT employee_id, manager_id, SYS_CONNECT_BY_PATH(title, ' -> ') AS path, LEVEL AS depth
FROM employees START WITH title = 'President' CONNECT BY manager_id = PRIOR employee_id
;;;
.EMPLOYEE_ID <- EMPLOYEES.EMPLOYEE_ID IDENTITY plain
.MANAGER_ID <- EMPLOYEES.MANAGER_ID IDENTITY plain
.PATH <- EMPLOYEES.TITLE TRANSFORMATION plain
* <- EMPLOYEES.TITLE FILTER
* <- EMPLOYEES.MANAGER_ID JOIN
* <- EMPLOYEES.EMPLOYEE_ID JOIN
===
-- case: VALUES with column positions
-- dialect: snowflake
SELECT column1 AS id, u.email FROM VALUES (1, 'a'), (2, 'b') AS v JOIN users u ON u.id = v.column1
;;;
.EMAIL <- USERS.EMAIL IDENTITY plain
* <- USERS.ID JOIN
===
-- case: unconditional multi-table INSERT
-- dialect: snowflake
INSERT ALL
  INTO mart.users (id, mail) VALUES (user_id, email)
  INTO mart.log
SELECT user_id, email FROM raw.users WHERE active
;;;
MART.USERS.ID <- RAW.USERS.USER_ID IDENTITY plain
MART.USERS.MAIL <- RAW.USERS.EMAIL IDENTITY plain
MART.LOG.USER_ID <- RAW.USERS.USER_ID IDENTITY plain
MART.LOG.EMAIL <- RAW.USERS.EMAIL IDENTITY plain
MART.USERS <- RAW.USERS.ACTIVE FILTER
MART.LOG <- RAW.USERS.ACTIVE FILTER
outputs: MART.USERS, MART.LOG
===
-- case: conditional multi-table INSERT
-- dialect: snowflake
INSERT FIRST
  WHEN amount > 1000 THEN INTO big (id, amount) VALUES (id, amount)
  WHEN country = 'DE' THEN INTO de (id) VALUES (id)
  ELSE INTO rest (id) VALUES (id)
SELECT id, amount, country FROM raw.orders
;;;
BIG.ID <- RAW.ORDERS.ID IDENTITY plain
BIG.AMOUNT <- RAW.ORDERS.AMOUNT IDENTITY plain
DE.ID <- RAW.ORDERS.ID IDENTITY plain
REST.ID <- RAW.ORDERS.ID IDENTITY plain
BIG <- RAW.ORDERS.AMOUNT FILTER
DE <- RAW.ORDERS.AMOUNT FILTER
DE <- RAW.ORDERS.COUNTRY FILTER
REST <- RAW.ORDERS.AMOUNT FILTER
REST <- RAW.ORDERS.COUNTRY FILTER
===
-- case: INSERT OVERWRITE by position
-- dialect: snowflake
-- schema: mart.users(uid, mail)
INSERT OVERWRITE INTO mart.users SELECT id, email FROM raw.users
;;;
MART.USERS.UID <- RAW.USERS.ID IDENTITY plain
MART.USERS.MAIL <- RAW.USERS.EMAIL IDENTITY plain
events: replace MART.USERS
===
-- case: INSERT with its CTE behind the target
-- dialect: snowflake
INSERT INTO mart.daily (day, revenue)
WITH paid AS (SELECT ts, amount FROM raw.orders WHERE status = 'paid')
SELECT ts::date, SUM(amount) FROM paid GROUP BY 1
;;;
MART.DAILY.DAY <- RAW.ORDERS.TS TRANSFORMATION plain
MART.DAILY.REVENUE <- RAW.ORDERS.AMOUNT AGGREGATION aggregated
MART.DAILY <- RAW.ORDERS.STATUS FILTER
MART.DAILY <- RAW.ORDERS.TS GROUP_BY
===
-- case: UPDATE FROM a subquery
-- dialect: snowflake
UPDATE mart.users t SET email = s.email, seen = CURRENT_TIMESTAMP()
FROM (SELECT id, MAX(email) AS email FROM raw.users GROUP BY id) s WHERE t.id = s.id
;;;
MART.USERS.EMAIL <- RAW.USERS.EMAIL AGGREGATION plain
MART.USERS <- RAW.USERS.ID GROUP_BY
MART.USERS <- RAW.USERS.ID FILTER
MART.USERS <- MART.USERS.ID FILTER
===
-- case: DELETE USING
-- dialect: snowflake
DELETE FROM mart.users t USING gdpr.requests r, gdpr.states s WHERE t.id = r.user_id AND r.state = s.id AND s.final
;;;
MART.USERS <- MART.USERS.ID FILTER
MART.USERS <- GDPR.REQUESTS.USER_ID FILTER
MART.USERS <- GDPR.REQUESTS.STATE FILTER
MART.USERS <- GDPR.STATES.ID FILTER
MART.USERS <- GDPR.STATES.FINAL FILTER
===
-- case: MERGE from a deduplicated stream
-- dialect: snowflake
MERGE INTO dim.customer AS tgt
USING (
  SELECT * FROM (
    SELECT s.*, ROW_NUMBER() OVER (PARTITION BY s.id ORDER BY s.ts DESC) AS rn FROM raw.customer_stream s
  ) WHERE rn = 1
) src ON tgt.id = src.id
WHEN MATCHED AND src.METADATA$ACTION = 'DELETE' THEN DELETE
WHEN MATCHED THEN UPDATE SET tgt.name = src.name, tgt.tier = COALESCE(src.tier, tgt.tier)
WHEN NOT MATCHED THEN INSERT (id, name) VALUES (src.id, src.name)
;;;
DIM.CUSTOMER.ID <- RAW.CUSTOMER_STREAM.ID IDENTITY plain
DIM.CUSTOMER.NAME <- RAW.CUSTOMER_STREAM.NAME IDENTITY plain
DIM.CUSTOMER.TIER <- RAW.CUSTOMER_STREAM.TIER TRANSFORMATION plain
DIM.CUSTOMER.TIER <- RAW.CUSTOMER_STREAM.TIER CONDITIONAL
DIM.CUSTOMER.TIER <- DIM.CUSTOMER.TIER TRANSFORMATION plain
DIM.CUSTOMER.TIER <- DIM.CUSTOMER.TIER CONDITIONAL
DIM.CUSTOMER <- RAW.CUSTOMER_STREAM.ID JOIN
DIM.CUSTOMER <- DIM.CUSTOMER.ID JOIN
DIM.CUSTOMER <- RAW.CUSTOMER_STREAM.ID FILTER
DIM.CUSTOMER <- RAW.CUSTOMER_STREAM.TS FILTER
DIM.CUSTOMER <- RAW.CUSTOMER_STREAM.METADATA$ACTION FILTER
===
-- case: transient table, clone and LIKE
-- dialect: snowflake
-- schema: SRC(A, B)
CREATE OR REPLACE TRANSIENT TABLE t1 AS SELECT a FROM src;
CREATE TABLE t2 CLONE src AT (OFFSET => -3600);
CREATE TABLE t3 LIKE src;
;;;
T1.A <- SRC.A IDENTITY plain
T2.A <- SRC.A IDENTITY plain
T2.B <- SRC.B IDENTITY plain
events: replace T1; create T2; clone T2 SRC; create T3; like T3 SRC
===
-- case: dynamic table
-- dialect: snowflake
CREATE OR REPLACE DYNAMIC TABLE mart.active TARGET_LAG = '20 minutes' WAREHOUSE = wh
AS SELECT id, email FROM raw.users WHERE active
;;;
MART.ACTIVE.ID <- RAW.USERS.ID IDENTITY plain
MART.ACTIVE.EMAIL <- RAW.USERS.EMAIL IDENTITY plain
MART.ACTIVE <- RAW.USERS.ACTIVE FILTER
===
-- case: secure view with column policies and comments
-- dialect: snowflake
CREATE OR REPLACE SECURE VIEW mart.v (
  user_id COMMENT 'the id',
  mail WITH MASKING POLICY gov.mask_email
) COPY GRANTS COMMENT = 'users; all' AS SELECT id, email FROM raw.users
;;;
MART.V.USER_ID <- RAW.USERS.ID IDENTITY plain
MART.V.MAIL <- RAW.USERS.EMAIL IDENTITY plain
===
-- case: CTAS with declared columns
-- dialect: snowflake
CREATE TABLE mart.t (k NUMBER NOT NULL, v VARCHAR(20)) AS SELECT id, name FROM raw.t
;;;
MART.T.K <- RAW.T.ID IDENTITY plain
MART.T.V <- RAW.T.NAME IDENTITY plain
===
-- case: temporary table, swap and drop
-- dialect: snowflake
CREATE OR REPLACE TEMPORARY TABLE tmp AS SELECT id, email FROM raw.users WHERE ok;
CREATE OR REPLACE TABLE mart.users_new AS SELECT id, SHA2(email) AS mail FROM tmp;
ALTER TABLE mart.users SWAP WITH mart.users_new;
DROP TABLE mart.users_new;
;;;
MART.USERS.ID <- RAW.USERS.ID IDENTITY plain
MART.USERS.MAIL <- RAW.USERS.EMAIL TRANSFORMATION pseudonymised
MART.USERS <- RAW.USERS.OK FILTER
inputs: RAW.USERS
outputs: MART.USERS
===
-- case: rename after building
-- dialect: snowflake
CREATE TABLE mart.daily_tmp AS SELECT day, SUM(x) AS x FROM raw.t GROUP BY day;
DROP TABLE IF EXISTS mart.daily;
ALTER TABLE mart.daily_tmp RENAME TO mart.daily;
;;;
MART.DAILY.DAY <- RAW.T.DAY IDENTITY plain
MART.DAILY.X <- RAW.T.X AGGREGATION aggregated
MART.DAILY <- RAW.T.DAY GROUP_BY
inputs: RAW.T
outputs: MART.DAILY
===
-- case: session variables and IDENTIFIER
-- dialect: snowflake
SET src = 'raw.users';
SET cutoff = '2024-01-01';
INSERT INTO mart.u (id) SELECT id FROM IDENTIFIER('raw.users') WHERE day > $cutoff;
;;;
MART.U.ID <- RAW.USERS.ID IDENTITY plain
MART.U <- RAW.USERS.DAY FILTER
===
-- case: RESULT_SCAN of the last query
-- dialect: snowflake
-- problems: 1
SELECT "name", "owner" FROM TABLE(RESULT_SCAN(LAST_QUERY_ID()))
;;;
.name <- .result_scan() TRANSFORMATION unknown
.owner <- .result_scan() TRANSFORMATION unknown
inputs: -
columns: name, owner
===
-- case: semi-structured higher-order functions
-- dialect: snowflake
SELECT id, TRANSFORM(scores, s -> s * factor) AS scaled, FILTER(tags, t -> t <> 'x') AS kept FROM raw.t
;;;
.ID <- RAW.T.ID IDENTITY plain
.SCALED <- RAW.T.SCORES TRANSFORMATION plain
.SCALED <- RAW.T.FACTOR TRANSFORMATION plain
.KEPT <- RAW.T.TAGS TRANSFORMATION plain
===
-- case: MINUS and INTERSECT
-- dialect: snowflake
(SELECT id FROM a INTERSECT SELECT id FROM b) MINUS SELECT id FROM c
;;;
.ID <- A.ID IDENTITY plain
.ID <- B.ID IDENTITY plain
* <- A.ID GROUP_BY
* <- B.ID GROUP_BY
* <- C.ID FILTER
===
-- case: UNION BY NAME
-- dialect: snowflake
-- schema: a(id, x); b(x, id, y)
SELECT * FROM a UNION ALL BY NAME SELECT * FROM b
;;;
.id <- a.id IDENTITY plain
.id <- b.id IDENTITY plain
.x <- a.x IDENTITY plain
.x <- b.x IDENTITY plain
.y <- b.y IDENTITY plain
columns: id, x, y
===
-- case: stored procedure in SQL scripting
-- dialect: snowflake
CREATE OR REPLACE PROCEDURE etl.refresh(since DATE) RETURNS STRING LANGUAGE SQL AS
$$
BEGIN
  DELETE FROM mart.daily WHERE day >= :since;
  INSERT INTO mart.daily (day, revenue) SELECT day, SUM(amount) FROM raw.orders WHERE day >= :since GROUP BY day;
  RETURN 'ok';
END;
$$
;;;
MART.DAILY.DAY <- RAW.ORDERS.DAY IDENTITY plain
MART.DAILY.REVENUE <- RAW.ORDERS.AMOUNT AGGREGATION aggregated
MART.DAILY <- RAW.ORDERS.DAY FILTER
MART.DAILY <- RAW.ORDERS.DAY GROUP_BY
MART.DAILY <- MART.DAILY.DAY FILTER
===
