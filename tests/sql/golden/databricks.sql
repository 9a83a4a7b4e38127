-- case: three-level names and backticks
-- dialect: databricks
SELECT u.`Full Name` AS name, main.crm.users.id FROM main.crm.users u
;;;
.name <- main.crm.users.full name IDENTITY plain
.id <- main.crm.users.id IDENTITY plain
inputs: main.crm.users
===
-- case: SELECT * EXCEPT
-- dialect: databricks
-- schema: raw.users(id, email, pwd)
SELECT * EXCEPT (pwd), upper(email) AS mail FROM raw.users
;;;
.id <- raw.users.id IDENTITY plain
.email <- raw.users.email IDENTITY plain
.mail <- raw.users.email TRANSFORMATION plain
columns: id, email, mail
===
-- case: lateral column aliases in the select list
-- dialect: databricks
-- schema: raw.orders(price, qty, rate)
SELECT price * qty AS gross, gross * (1 - rate) AS net FROM raw.orders
;;;
.gross <- raw.orders.price TRANSFORMATION plain
.gross <- raw.orders.qty TRANSFORMATION plain
.net <- raw.orders.price TRANSFORMATION plain
.net <- raw.orders.qty TRANSFORMATION plain
.net <- raw.orders.rate TRANSFORMATION plain
===
-- case: LATERAL VIEW explode of an array of structs
-- dialect: spark
SELECT o.id, item.sku, item.qty * 2 AS twice FROM raw.orders o LATERAL VIEW OUTER explode(o.items) x AS item WHERE item.qty > 0
;;;
.id <- raw.orders.id IDENTITY plain
.sku <- raw.orders.items.sku TRANSFORMATION plain
.twice <- raw.orders.items.qty TRANSFORMATION plain
* <- raw.orders.items.qty FILTER
===
-- case: two lateral views in a row
-- dialect: spark
SELECT id, k, e FROM raw.t LATERAL VIEW explode(groups) g AS grp LATERAL VIEW explode(grp.members) m AS e LATERAL VIEW posexplode(tags) p AS pos, k
;;;
.id <- raw.t.id IDENTITY plain
.k <- raw.t.tags TRANSFORMATION plain
.e <- raw.t.groups.members TRANSFORMATION plain
===
-- case: explode of a map gives key and value
-- dialect: spark
SELECT id, key, value FROM raw.t LATERAL VIEW explode(props) AS key, value
;;;
.id <- raw.t.id IDENTITY plain
.key <- raw.t.props TRANSFORMATION plain
.value <- raw.t.props TRANSFORMATION plain
===
-- case: explode in the select list
-- dialect: spark
SELECT id, explode(split(tags, ',')) AS tag, posexplode(items) AS (pos, item) FROM raw.posts
;;;
.id <- raw.posts.id IDENTITY plain
.tag <- raw.posts.tags TRANSFORMATION plain
.item <- raw.posts.items TRANSFORMATION plain
columns: id, tag, pos, item
===
-- case: inline of an array of structs
-- dialect: spark
SELECT id, sku, n FROM raw.orders LATERAL VIEW inline(items) i AS sku, n
;;;
.id <- raw.orders.id IDENTITY plain
.sku <- raw.orders.items TRANSFORMATION plain
.n <- raw.orders.items TRANSFORMATION plain
===
-- case: JSON paths with colon and get_json_object
-- dialect: databricks
SELECT raw:user.email::string AS email, get_json_object(doc, '$.id') AS id, from_json(doc, 'a INT, b STRING').a AS a
FROM bronze.events
;;;
.email <- bronze.events.raw TRANSFORMATION plain @user.email
.id <- bronze.events.doc TRANSFORMATION plain @id
.a <- bronze.events.doc TRANSFORMATION plain @a
===
-- case: json_tuple in a lateral view
-- dialect: spark
SELECT t.id, j.a, j.b FROM raw.t LATERAL VIEW json_tuple(t.doc, 'x', 'y') j AS a, b
;;;
.id <- raw.t.id IDENTITY plain
.a <- raw.t.doc TRANSFORMATION plain @x
.b <- raw.t.doc TRANSFORMATION plain @y
===
-- case: structs, maps and arrays
-- dialect: spark
SELECT s.address.city AS city, m['k'] AS v, a[0].x AS x, named_struct('p', s.id, 'q', name).q AS q, struct(id, name) AS st FROM t
;;;
.city <- t.s.address.city IDENTITY plain
.v <- t.m TRANSFORMATION plain @k
.x <- t.a.x TRANSFORMATION plain
.q <- t.name IDENTITY plain
.st <- t.id TRANSFORMATION plain
.st <- t.name TRANSFORMATION plain
===
-- case: higher-order functions with lambdas
-- dialect: spark
SELECT transform(items, i -> i.price * fx) AS prices, aggregate(nums, 0, (acc, x) -> acc + x) AS total, filter(tags, t -> t <> bad) AS kept FROM raw.t
;;;
.prices <- raw.t.items TRANSFORMATION plain
.prices <- raw.t.fx TRANSFORMATION plain
.total <- raw.t.nums TRANSFORMATION plain
.kept <- raw.t.tags TRANSFORMATION plain
.kept <- raw.t.bad TRANSFORMATION derived
===
-- case: semi and anti joins
-- dialect: spark
SELECT u.id FROM raw.users u LEFT SEMI JOIN raw.orders o ON o.user_id = u.id LEFT ANTI JOIN raw.blocked b ON b.email = u.email
;;;
.id <- raw.users.id IDENTITY plain
* <- raw.orders.user_id JOIN
* <- raw.users.id JOIN
* <- raw.blocked.email JOIN
* <- raw.users.email JOIN
===
-- case: star over a semi join shows the left side only
-- dialect: spark
-- schema: a(id, x); b(id, y)
SELECT * FROM a LEFT SEMI JOIN b USING (id)
;;;
.id <- a.id IDENTITY plain
.x <- a.x IDENTITY plain
* <- a.id JOIN
* <- b.id JOIN
columns: id, x
===
-- case: PIVOT with several aggregates
-- dialect: spark
-- schema: sales(region, month, amount, qty)
SELECT * FROM sales PIVOT (SUM(amount) AS amt, COUNT(qty) AS cnt FOR month IN ('jan' AS j, 'feb' AS f))
;;;
.region <- sales.region IDENTITY plain
.j_amt <- sales.amount AGGREGATION aggregated
.j_amt <- sales.month CONDITIONAL
.j_cnt <- sales.qty AGGREGATION aggregated
.j_cnt <- sales.month CONDITIONAL
.f_amt <- sales.amount AGGREGATION aggregated
.f_amt <- sales.month CONDITIONAL
.f_cnt <- sales.qty AGGREGATION aggregated
.f_cnt <- sales.month CONDITIONAL
* <- sales.region GROUP_BY
columns: region, j_amt, j_cnt, f_amt, f_cnt
===
-- case: UNPIVOT keeps the other columns
-- dialect: databricks
-- schema: sales(region, q1, q2)
SELECT * FROM sales UNPIVOT INCLUDE NULLS (amount FOR quarter IN (q1 AS `Q 1`, q2))
;;;
.region <- sales.region IDENTITY plain
.amount <- sales.q1 IDENTITY plain
.amount <- sales.q2 IDENTITY plain
columns: region, quarter, amount
===
-- case: stack as an unpivot
-- dialect: spark
SELECT id, metric, val FROM raw.wide LATERAL VIEW stack(2, 'a', a, 'b', b) s AS metric, val
;;;
.id <- raw.wide.id IDENTITY plain
.val <- raw.wide.a TRANSFORMATION plain
.val <- raw.wide.b TRANSFORMATION plain
===
-- case: QUALIFY in Databricks
-- dialect: databricks
SELECT id, v FROM raw.t QUALIFY row_number() OVER (PARTITION BY id ORDER BY ts DESC) = 1
;;;
.id <- raw.t.id IDENTITY plain
.v <- raw.t.v IDENTITY plain
* <- raw.t.id FILTER
* <- raw.t.ts FILTER
===
-- case: files as tables
-- dialect: spark
SELECT id FROM parquet.`s3://lake/users/` WHERE active
;;;
.id <- s3://lake/users/.id IDENTITY plain
* <- s3://lake/users/.active FILTER
inputs: s3://lake/users/
===
-- case: read_files of a volume
-- dialect: databricks
CREATE OR REFRESH STREAMING TABLE bronze.users AS
SELECT id, _metadata.file_path AS source FROM STREAM read_files('/Volumes/main/raw/users/', format => 'json')
;;;
bronze.users.id <- /Volumes/main/raw/users/.id IDENTITY plain
bronze.users.source <- /Volumes/main/raw/users/._metadata.file_path IDENTITY plain
inputs: /Volumes/main/raw/users/
===
-- case: time travel
-- dialect: databricks
SELECT a.id, b.v FROM dl.t VERSION AS OF 12 a JOIN dl.u TIMESTAMP AS OF '2024-01-01' b ON a.id = b.id
;;;
.id <- dl.t.id IDENTITY plain
.v <- dl.u.v IDENTITY plain
* <- dl.t.id JOIN
* <- dl.u.id JOIN
===
-- case: CTAS with location and options
-- dialect: databricks
CREATE OR REPLACE TABLE gold.daily USING DELTA PARTITIONED BY (day) TBLPROPERTIES ('delta.autoOptimize.optimizeWrite' = 'true') COMMENT 'x'
AS SELECT to_date(ts) AS day, count(DISTINCT user_id) AS users FROM silver.events GROUP BY 1
;;;
gold.daily.day <- silver.events.ts TRANSFORMATION plain
gold.daily.users <- silver.events.user_id AGGREGATION aggregated
gold.daily <- silver.events.ts GROUP_BY
===
-- case: INSERT BY NAME
-- dialect: databricks
-- schema: gold.users(id, mail, name)
INSERT INTO gold.users BY NAME SELECT email AS mail, id FROM silver.users
;;;
gold.users.mail <- silver.users.email IDENTITY plain
gold.users.id <- silver.users.id IDENTITY plain
===
-- case: INSERT OVERWRITE by position
-- dialect: spark
-- schema: gold.users(id, mail)
INSERT OVERWRITE TABLE gold.users SELECT user_id, lower(email) FROM silver.users
;;;
gold.users.id <- silver.users.user_id IDENTITY plain
gold.users.mail <- silver.users.email TRANSFORMATION plain
events: replace gold.users
===
-- case: INSERT INTO … REPLACE WHERE
-- dialect: databricks
INSERT INTO gold.daily REPLACE WHERE day = '2024-01-01' SELECT day, x FROM silver.daily WHERE day = '2024-01-01'
;;;
gold.daily.day <- silver.daily.day IDENTITY plain
gold.daily.x <- silver.daily.x IDENTITY plain
gold.daily <- silver.daily.day FILTER
outputs: gold.daily
===
-- case: INSERT OVERWRITE DIRECTORY
-- dialect: spark
INSERT OVERWRITE DIRECTORY '/tmp/out' USING parquet SELECT id, sha2(email, 256) AS mail FROM raw.users
;;;
/tmp/out.id <- raw.users.id IDENTITY plain
/tmp/out.mail <- raw.users.email TRANSFORMATION pseudonymised
outputs: /tmp/out
===
-- case: MERGE with UPDATE SET * and INSERT *
-- dialect: databricks
-- schema: gold.users(id, email, name); silver.users(id, email, name)
MERGE INTO gold.users t USING silver.users s ON t.id = s.id
WHEN MATCHED THEN UPDATE SET *
WHEN NOT MATCHED THEN INSERT *
;;;
gold.users.id <- silver.users.id IDENTITY plain
gold.users.email <- silver.users.email IDENTITY plain
gold.users.name <- silver.users.name IDENTITY plain
gold.users <- silver.users.id JOIN
gold.users <- gold.users.id JOIN
===
-- case: MERGE * of unknown tables
-- dialect: databricks
MERGE INTO gold.users AS t USING (SELECT * FROM updates WHERE ok) AS s ON t.id = s.id
WHEN MATCHED AND t.v <> s.v THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *
WHEN NOT MATCHED BY SOURCE AND t.day < current_date() THEN DELETE
;;;
gold.users.* <- updates.* IDENTITY plain
gold.users <- updates.id JOIN
gold.users <- gold.users.id JOIN
gold.users <- updates.ok FILTER
gold.users <- updates.v FILTER
gold.users <- gold.users.v FILTER
gold.users <- gold.users.day FILTER
===
-- case: COPY INTO a Delta table
-- dialect: databricks
-- schema: bronze.events(id, body)
COPY INTO bronze.events FROM 's3://lake/events/' FILEFORMAT = JSON FORMAT_OPTIONS ('mergeSchema' = 'true')
;;;
bronze.events.id <- s3://lake/events/.id IDENTITY plain
bronze.events.body <- s3://lake/events/.body IDENTITY plain
inputs: s3://lake/events/
===
-- case: COPY INTO with a select over files
-- dialect: databricks
COPY INTO bronze.events FROM (SELECT _c0::bigint AS id, _c1 AS body FROM 's3://lake/events/') FILEFORMAT = CSV
;;;
bronze.events.id <- s3://lake/events/._c0 TRANSFORMATION plain
bronze.events.body <- s3://lake/events/._c1 IDENTITY plain
===
-- case: shallow and deep clones
-- dialect: databricks
CREATE OR REPLACE TABLE dev.users SHALLOW CLONE prod.users VERSION AS OF 3;
CREATE TABLE arch.users DEEP CLONE prod.users;
;;;
dev.users.* <- prod.users.* IDENTITY plain
arch.users.* <- prod.users.* IDENTITY plain
===
-- case: temporary views of a script are contracted
-- dialect: spark
CREATE OR REPLACE TEMPORARY VIEW active AS SELECT id, email FROM raw.users WHERE active;
CACHE TABLE spend AS SELECT user_id, sum(amount) AS total FROM raw.orders GROUP BY user_id;
INSERT OVERWRITE TABLE gold.spend PARTITION (day = '2024-01-01')
SELECT a.id, a.email, s.total FROM active a JOIN spend s ON a.id = s.user_id;
UNCACHE TABLE spend;
;;;
gold.spend.id <- raw.users.id IDENTITY plain
gold.spend.email <- raw.users.email IDENTITY plain
gold.spend.total <- raw.orders.amount AGGREGATION aggregated
gold.spend <- raw.users.active FILTER
gold.spend <- raw.users.id JOIN
gold.spend <- raw.orders.user_id JOIN
gold.spend <- raw.orders.user_id GROUP_BY
inputs: raw.users, raw.orders
outputs: gold.spend
===
-- case: live tables
-- dialect: databricks
CREATE OR REFRESH LIVE TABLE silver_users (
  CONSTRAINT valid_id EXPECT (id IS NOT NULL) ON VIOLATION DROP ROW
) COMMENT "clean users"
AS SELECT id, lower(email) AS email FROM STREAM(LIVE.bronze_users)
;;;
silver_users.id <- bronze_users.id IDENTITY plain
silver_users.email <- bronze_users.email TRANSFORMATION plain
===
-- case: APPLY CHANGES INTO
-- dialect: databricks
-- known: APPLY CHANGES is not read
APPLY CHANGES INTO live.users FROM stream(live.users_cdc) KEYS (id) SEQUENCE BY ts COLUMNS * EXCEPT (op) STORED AS SCD TYPE 2
;;;
live.users.* <- live.users_cdc.* IDENTITY plain
live.users <- live.users_cdc.id JOIN
live.users <- live.users.id JOIN
inputs: live.users_cdc
outputs: live.users
===
-- case: HAVING, GROUPING SETS and SORT BY
-- dialect: spark
SELECT country, grouping(country) AS g, sum(x) FILTER (WHERE ok) AS s FROM t
GROUP BY country, city GROUPING SETS ((country), (country, city)) HAVING sum(x) > 10 SORT BY country
;;;
.country <- t.country IDENTITY plain
.g <- t.country AGGREGATION aggregated
.s <- t.x AGGREGATION aggregated
.s <- t.ok CONDITIONAL
* <- t.country GROUP_BY
* <- t.city GROUP_BY
* <- t.x FILTER
* <- t.country SORT
===
-- case: UPDATE and DELETE in Delta
-- dialect: databricks
UPDATE gold.users SET email = NULL, name = mask(name) WHERE id IN (SELECT id FROM gdpr.requests);
DELETE FROM gold.users WHERE NOT EXISTS (SELECT 1 FROM crm.users c WHERE c.id = gold.users.id);
;;;
gold.users.name <- gold.users.name TRANSFORMATION redacted
gold.users <- gold.users.id FILTER
gold.users <- gdpr.requests.id FILTER
gold.users <- crm.users.id FILTER
===
-- case: SQL function as a table and range
-- dialect: databricks
SELECT id + 1 AS n FROM range(1, 100)
;;;
inputs: -
===
