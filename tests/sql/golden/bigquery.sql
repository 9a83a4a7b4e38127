-- case: backticked names keep their case
-- dialect: bigquery
SELECT o.Id, o.`Customer Name` AS customer FROM `my-proj.Sales.Orders` AS o WHERE o.Status = 'paid'
;;;
.id <- my-proj.Sales.Orders.id IDENTITY plain
.customer <- my-proj.Sales.Orders.customer name IDENTITY plain
* <- my-proj.Sales.Orders.status FILTER
inputs: my-proj.Sales.Orders
columns: id, customer
===
-- case: dashed project without backticks
-- dialect: bigquery
SELECT id FROM my-proj.sales.orders
;;;
.id <- my-proj.sales.orders.id IDENTITY plain
inputs: my-proj.sales.orders
===
-- case: EXCEPT and REPLACE over a known table
-- dialect: bigquery
-- schema: ds.users(id, email, name, age)
SELECT * EXCEPT (age) REPLACE (LOWER(email) AS email) FROM ds.users
;;;
.id <- ds.users.id IDENTITY plain
.email <- ds.users.email TRANSFORMATION plain
.name <- ds.users.name IDENTITY plain
columns: id, email, name
===
-- case: EXCEPT over an unknown table keeps the star
-- dialect: bigquery
SELECT * EXCEPT (rn) FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY user_id ORDER BY ts DESC) AS rn FROM ds.events
)
WHERE rn = 1
;;;
.* <- ds.events.* IDENTITY plain
* <- ds.events.user_id FILTER
* <- ds.events.ts FILTER
===
-- case: QUALIFY deduplication
-- dialect: bigquery
-- schema: ds.events(event_id, user_id, ts)
SELECT event_id, user_id FROM ds.events
WHERE TRUE
QUALIFY ROW_NUMBER() OVER (PARTITION BY event_id ORDER BY ts DESC) = 1
;;;
.event_id <- ds.events.event_id IDENTITY plain
.user_id <- ds.events.user_id IDENTITY plain
* <- ds.events.event_id FILTER
* <- ds.events.ts FILTER
===
-- case: QUALIFY by the alias of a window
-- dialect: bigquery
SELECT a, RANK() OVER (PARTITION BY b ORDER BY c) AS r FROM ds.t QUALIFY r <= 3
;;;
.a <- ds.t.a IDENTITY plain
.r <- ds.t.b WINDOW
.r <- ds.t.c WINDOW
* <- ds.t.b FILTER
* <- ds.t.c FILTER
===
-- case: named window
-- dialect: bigquery
SELECT a, SUM(x) OVER w AS total, LAG(x) OVER (w ORDER BY ts) AS before FROM ds.t WINDOW w AS (PARTITION BY a)
;;;
.a <- ds.t.a IDENTITY plain
.total <- ds.t.x AGGREGATION aggregated
.total <- ds.t.a WINDOW
.before <- ds.t.x TRANSFORMATION plain
.before <- ds.t.a WINDOW
.before <- ds.t.ts WINDOW
===
-- case: UNNEST of an array of structs by comma
-- dialect: bigquery
SELECT o.order_id, item.sku, item.price * item.qty AS total, pos
FROM shop.orders AS o, UNNEST(o.items) AS item WITH OFFSET AS pos
WHERE item.qty > 0
;;;
.order_id <- shop.orders.order_id IDENTITY plain
.sku <- shop.orders.items.sku TRANSFORMATION plain
.total <- shop.orders.items.price TRANSFORMATION plain
.total <- shop.orders.items.qty TRANSFORMATION plain
* <- shop.orders.items.qty FILTER
columns: order_id, sku, total, pos
===
-- case: UNNEST by the array path of an alias
-- dialect: bigquery
SELECT o.order_id, item.sku FROM shop.orders o LEFT JOIN o.items AS item
;;;
.order_id <- shop.orders.order_id IDENTITY plain
.sku <- shop.orders.items.sku TRANSFORMATION plain
inputs: shop.orders
===
-- case: nested UNNEST of two levels
-- dialect: bigquery
SELECT h.page.pagePath AS path, cd.value AS dimension
FROM `ga.sessions` AS s, UNNEST(s.hits) AS h, UNNEST(h.customDimensions) AS cd
WHERE cd.index = 4
;;;
.path <- ga.sessions.hits.page.pagePath TRANSFORMATION plain
.dimension <- ga.sessions.hits.customDimensions.value TRANSFORMATION plain
* <- ga.sessions.hits.customDimensions.index FILTER
===
-- case: LEFT JOIN UNNEST of a split string
-- dialect: bigquery
SELECT id, tag FROM ds.posts LEFT JOIN UNNEST(SPLIT(tags, ',')) AS tag
;;;
.id <- ds.posts.id IDENTITY plain
.tag <- ds.posts.tags TRANSFORMATION plain
===
-- case: UNNEST of a literal array has no input
-- dialect: bigquery
SELECT d FROM UNNEST(GENERATE_DATE_ARRAY('2024-01-01', '2024-12-31')) AS d
;;;
inputs: -
columns: d
===
-- case: event parameters by scalar subqueries over UNNEST
-- dialect: bigquery
SELECT
  user_pseudo_id,
  (SELECT ep.value.string_value FROM UNNEST(event_params) AS ep WHERE ep.key = 'page_location') AS page,
  (SELECT value.int_value FROM UNNEST(event_params) WHERE key = 'ga_session_id') AS session_id
FROM `proj.analytics_1.events_*`
WHERE _TABLE_SUFFIX BETWEEN '20240101' AND '20240131'
;;;
.user_pseudo_id <- proj.analytics_1.events_*.user_pseudo_id IDENTITY plain
.page <- proj.analytics_1.events_*.event_params.value.string_value TRANSFORMATION plain
.session_id <- proj.analytics_1.events_*.event_params.value.int_value TRANSFORMATION plain
* <- proj.analytics_1.events_*.event_params.key FILTER
* <- proj.analytics_1.events_*._table_suffix FILTER
inputs: proj.analytics_1.events_*
===
-- case: sharded table in backticks
-- dialect: bigquery
SELECT event_name, COUNT(*) AS n FROM `proj.analytics_1.events_20240101` GROUP BY event_name
;;;
.event_name <- proj.analytics_1.events_20240101.event_name IDENTITY plain
.n <- proj.analytics_1.events_20240101.* AGGREGATION aggregated
* <- proj.analytics_1.events_20240101.event_name GROUP_BY
===
-- case: COUNT(*) of a known table reads no column
-- dialect: bigquery
-- schema: ds.t(a, b)
SELECT a, COUNT(*) AS n, COUNT(1) AS m FROM ds.t GROUP BY 1
;;;
.a <- ds.t.a IDENTITY plain
* <- ds.t.a GROUP_BY
columns: a, n, m
===
-- case: struct fields to any depth
-- dialect: bigquery
-- schema: ds.users(id, user STRUCT<email STRING, address STRUCT<city STRING>>)
SELECT u.user.email, user.address.city AS city, u.user FROM ds.users AS u
;;;
.email <- ds.users.user.email IDENTITY plain
.city <- ds.users.user.address.city IDENTITY plain
.user <- ds.users.user IDENTITY plain
===
-- case: star of a struct column
-- dialect: bigquery
SELECT id, address.* FROM ds.users
;;;
.id <- ds.users.id IDENTITY plain
.* <- ds.users.address.* IDENTITY plain
===
-- case: struct built in a CTE and taken apart again
-- dialect: bigquery
WITH s AS (SELECT id, STRUCT(first AS f, last AS l) AS name FROM ds.people)
SELECT id, name.f AS first_name, s.name.l AS last_name FROM s
;;;
.id <- ds.people.id IDENTITY plain
.first_name <- ds.people.first IDENTITY plain
.last_name <- ds.people.last IDENTITY plain
===
-- case: array of structs aggregated and unnested again
-- dialect: bigquery
WITH carts AS (
  SELECT user_id, ARRAY_AGG(STRUCT(sku, price AS p) ORDER BY ts LIMIT 10) AS items FROM ds.clicks GROUP BY user_id
)
SELECT user_id, i.p AS price FROM carts, UNNEST(items) AS i
;;;
.user_id <- ds.clicks.user_id IDENTITY plain
.price <- ds.clicks.price AGGREGATION plain
.price <- ds.clicks.ts WINDOW
* <- ds.clicks.user_id GROUP_BY
===
-- case: whole row of an alias as a value
-- dialect: bigquery
-- schema: ds.t(a, b, ts)
SELECT a, ARRAY_AGG(t ORDER BY ts DESC LIMIT 1)[OFFSET(0)] AS latest FROM ds.t AS t GROUP BY a
;;;
.a <- ds.t.a IDENTITY plain
.latest <- ds.t.a AGGREGATION plain
.latest <- ds.t.b AGGREGATION plain
.latest <- ds.t.ts AGGREGATION plain
.latest <- ds.t.ts WINDOW
* <- ds.t.a GROUP_BY
===
-- case: latest row by aggregated row and its star
-- dialect: bigquery
SELECT latest.* FROM (
  SELECT ARRAY_AGG(t ORDER BY updated_at DESC LIMIT 1)[OFFSET(0)] AS latest FROM raw.users AS t GROUP BY t.id
)
;;;
.* <- raw.users.* AGGREGATION plain
.* <- raw.users.updated_at WINDOW
* <- raw.users.id GROUP_BY
===
-- case: JSON paths of a string and a JSON column
-- dialect: bigquery
SELECT
  JSON_VALUE(payload, '$.user.email') AS email,
  JSON_EXTRACT_SCALAR(payload, "$.user.id") AS user_id,
  CAST(JSON_QUERY(payload, '$.items') AS STRING) AS items,
  doc.order.total AS total
FROM raw.events
;;;
.email <- raw.events.payload TRANSFORMATION plain @user.email
.user_id <- raw.events.payload TRANSFORMATION plain @user.id
.items <- raw.events.payload TRANSFORMATION plain @items
.total <- raw.events.doc.order.total IDENTITY plain
===
-- case: elements of a JSON array
-- dialect: bigquery
SELECT JSON_VALUE(item, '$.sku') AS sku FROM raw.orders, UNNEST(JSON_EXTRACT_ARRAY(payload, '$.items')) AS item
;;;
.sku <- raw.orders.payload TRANSFORMATION plain @items.sku
===
-- case: USING joins and a third table
-- dialect: bigquery
-- schema: ds.a(id, x); ds.b(id, y); ds.c(id, z)
SELECT id, x, y, z FROM ds.a JOIN ds.b USING (id) LEFT JOIN ds.c USING (id)
;;;
.id <- ds.a.id IDENTITY plain
.id <- ds.b.id IDENTITY plain
.id <- ds.c.id IDENTITY plain
.x <- ds.a.x IDENTITY plain
.y <- ds.b.y IDENTITY plain
.z <- ds.c.z IDENTITY plain
* <- ds.a.id JOIN
* <- ds.b.id JOIN
* <- ds.c.id JOIN
===
-- case: star over USING lists the key once
-- dialect: bigquery
-- schema: ds.a(x, id); ds.b(id, y)
SELECT * FROM ds.a FULL JOIN ds.b USING (id)
;;;
.id <- ds.a.id IDENTITY plain
.id <- ds.b.id IDENTITY plain
.x <- ds.a.x IDENTITY plain
.y <- ds.b.y IDENTITY plain
* <- ds.a.id JOIN
* <- ds.b.id JOIN
columns: id, x, y
===
-- case: correlated scalar subquery
-- dialect: bigquery
SELECT u.id, (SELECT MAX(o.amount) FROM ds.orders o WHERE o.user_id = u.id) AS top FROM ds.users u
;;;
.id <- ds.users.id IDENTITY plain
.top <- ds.orders.amount AGGREGATION plain
* <- ds.orders.user_id FILTER
* <- ds.users.id FILTER
===
-- case: EXISTS and NOT IN in WHERE
-- dialect: bigquery
SELECT u.id FROM ds.users u
WHERE EXISTS (SELECT 1 FROM ds.orders o WHERE o.user_id = u.id AND o.paid)
  AND u.email NOT IN (SELECT b.email FROM ds.blocked b WHERE b.active)
;;;
.id <- ds.users.id IDENTITY plain
* <- ds.orders.user_id FILTER
* <- ds.orders.paid FILTER
* <- ds.users.id FILTER
* <- ds.users.email FILTER
* <- ds.blocked.email FILTER
* <- ds.blocked.active FILTER
===
-- case: EXISTS in a projection is conditional
-- dialect: bigquery
SELECT u.id, EXISTS (SELECT 1 FROM ds.orders o WHERE o.user_id = u.id) AS has_orders FROM ds.users u
;;;
.id <- ds.users.id IDENTITY plain
.has_orders <- ds.orders.user_id CONDITIONAL
.has_orders <- ds.users.id CONDITIONAL
===
-- case: UNION ALL and UNION DISTINCT
-- dialect: bigquery
SELECT a AS k FROM ds.t1 UNION ALL SELECT b FROM ds.t2
;;;
.k <- ds.t1.a IDENTITY plain
.k <- ds.t2.b IDENTITY plain
===
-- case: EXCEPT DISTINCT filters by the second branch
-- dialect: bigquery
SELECT id FROM ds.all_users EXCEPT DISTINCT SELECT user_id FROM ds.deleted
;;;
.id <- ds.all_users.id IDENTITY plain
* <- ds.all_users.id GROUP_BY
* <- ds.deleted.user_id FILTER
===
-- case: recursive CTE over a hierarchy
-- dialect: bigquery
WITH RECURSIVE chain AS (
  SELECT id, manager_id, name, 1 AS depth FROM hr.people WHERE manager_id IS NULL
  UNION ALL
  SELECT p.id, p.manager_id, CONCAT(c.name, ' > ', p.name), c.depth + 1
  FROM hr.people p JOIN chain c ON p.manager_id = c.id
)
SELECT id, name, depth FROM chain
;;;
.id <- hr.people.id IDENTITY plain
.name <- hr.people.name IDENTITY plain
.name <- hr.people.name TRANSFORMATION plain
* <- hr.people.manager_id FILTER
* <- hr.people.manager_id JOIN
* <- hr.people.id JOIN
===
-- case: PIVOT with aliases
-- dialect: bigquery
-- schema: ds.sales(product, sales, quarter)
SELECT * FROM ds.sales PIVOT (SUM(sales) FOR quarter IN ('Q1', 'Q2' AS second))
;;;
.product <- ds.sales.product IDENTITY plain
.q1 <- ds.sales.sales AGGREGATION aggregated
.q1 <- ds.sales.quarter CONDITIONAL
.second <- ds.sales.sales AGGREGATION aggregated
.second <- ds.sales.quarter CONDITIONAL
* <- ds.sales.product GROUP_BY
columns: product, q1, second
===
-- case: UNPIVOT drops nulls
-- dialect: bigquery
-- schema: ds.produce(product, q1, q2)
SELECT product, quarter, sales FROM ds.produce UNPIVOT (sales FOR quarter IN (q1, q2))
;;;
.product <- ds.produce.product IDENTITY plain
.sales <- ds.produce.q1 IDENTITY plain
.sales <- ds.produce.q2 IDENTITY plain
* <- ds.produce.q1 FILTER
* <- ds.produce.q2 FILTER
===
-- case: conditional functions
-- dialect: bigquery
SELECT
  IF(is_b2b, company, name) AS party,
  COALESCE(nick, name) AS shown,
  IFNULL(score, 0) AS score,
  NULLIF(city, '') AS city,
  CASE status WHEN 'a' THEN x ELSE y END AS v,
  SUM(IF(paid, amount, 0)) AS paid_amount,
  COUNTIF(refunded) AS refunds
FROM ds.t GROUP BY 1, 2, 3, 4, 5
;;;
.party <- ds.t.is_b2b CONDITIONAL
.party <- ds.t.company TRANSFORMATION plain
.party <- ds.t.name TRANSFORMATION plain
.shown <- ds.t.nick TRANSFORMATION plain
.shown <- ds.t.nick CONDITIONAL
.shown <- ds.t.name TRANSFORMATION plain
.shown <- ds.t.name CONDITIONAL
.score <- ds.t.score TRANSFORMATION plain
.score <- ds.t.score CONDITIONAL
.city <- ds.t.city TRANSFORMATION plain
.city <- ds.t.city CONDITIONAL
.v <- ds.t.status CONDITIONAL
.v <- ds.t.x TRANSFORMATION plain
.v <- ds.t.y TRANSFORMATION plain
.paid_amount <- ds.t.paid CONDITIONAL
.paid_amount <- ds.t.amount AGGREGATION aggregated
.refunds <- ds.t.refunded AGGREGATION aggregated
* <- ds.t.is_b2b GROUP_BY
* <- ds.t.company GROUP_BY
* <- ds.t.name GROUP_BY
* <- ds.t.nick GROUP_BY
* <- ds.t.score GROUP_BY
* <- ds.t.city GROUP_BY
* <- ds.t.status GROUP_BY
* <- ds.t.x GROUP_BY
* <- ds.t.y GROUP_BY
===
-- case: hashed and masked personal data
-- dialect: bigquery
SELECT TO_HEX(SHA256(LOWER(email))) AS email_hash, FARM_FINGERPRINT(CAST(id AS STRING)) AS bucket,
  NET.IP_TRUNC(ip, 3) AS net, REGEXP_EXTRACT(email, r'@(.*)') AS domain, LENGTH(name) AS name_length
FROM raw.users
;;;
.email_hash <- raw.users.email TRANSFORMATION pseudonymised
.bucket <- raw.users.id TRANSFORMATION pseudonymised
.net <- raw.users.ip TRANSFORMATION redacted
.domain <- raw.users.email TRANSFORMATION plain
.name_length <- raw.users.name TRANSFORMATION derived
===
-- case: positional INSERT into a known table
-- dialect: bigquery
-- schema: mart.users(user_id, mail, created)
INSERT mart.users SELECT id, LOWER(email), CURRENT_TIMESTAMP() FROM raw.users
;;;
mart.users.user_id <- raw.users.id IDENTITY plain
mart.users.mail <- raw.users.email TRANSFORMATION plain
columns: user_id, mail, created
outputs: mart.users
===
-- case: INSERT with a column list
-- dialect: bigquery
INSERT INTO mart.users (mail, user_id) SELECT email, id FROM raw.users WHERE active
;;;
mart.users.mail <- raw.users.email IDENTITY plain
mart.users.user_id <- raw.users.id IDENTITY plain
mart.users <- raw.users.active FILTER
===
-- case: INSERT VALUES has no lineage
-- dialect: bigquery
INSERT INTO mart.users (id, email) VALUES (1, 'a@b.c'), (2, NULL)
;;;
outputs: mart.users
inputs: -
===
-- case: INSERT of a VALUES row with a subquery
-- dialect: bigquery
INSERT INTO ds.watermarks (job, ts) VALUES ('load', (SELECT MAX(updated_at) FROM raw.users))
;;;
ds.watermarks.ts <- raw.users.updated_at AGGREGATION plain
inputs: raw.users
===
-- case: CREATE TABLE AS with partition and cluster
-- dialect: bigquery
CREATE OR REPLACE TABLE mart.daily
PARTITION BY day CLUSTER BY country
OPTIONS (description = "daily; revenue -- by country", labels = [("team", "bi")])
AS
SELECT DATE(created_at) AS day, country, SUM(amount) AS revenue FROM raw.orders GROUP BY day, country
;;;
mart.daily.day <- raw.orders.created_at TRANSFORMATION plain
mart.daily.country <- raw.orders.country IDENTITY plain
mart.daily.revenue <- raw.orders.amount AGGREGATION aggregated
mart.daily <- raw.orders.created_at GROUP_BY
mart.daily <- raw.orders.country GROUP_BY
columns: day, country, revenue
===
-- case: view with a column list
-- dialect: bigquery
CREATE VIEW IF NOT EXISTS mart.v (user_id, mail) AS SELECT id, email FROM raw.users
;;;
mart.v.user_id <- raw.users.id IDENTITY plain
mart.v.mail <- raw.users.email IDENTITY plain
kinds: CREATE VIEW
===
-- case: materialized view
-- dialect: bigquery
CREATE MATERIALIZED VIEW mart.mv OPTIONS (enable_refresh = true) AS
SELECT product_id, APPROX_COUNT_DISTINCT(user_id) AS users FROM raw.clicks GROUP BY product_id
;;;
mart.mv.product_id <- raw.clicks.product_id IDENTITY plain
mart.mv.users <- raw.clicks.user_id AGGREGATION aggregated
mart.mv <- raw.clicks.product_id GROUP_BY
===
-- case: snapshot, clone and copy of tables
-- dialect: bigquery
-- schema: ds.src(a, b)
CREATE SNAPSHOT TABLE ds.snap CLONE ds.src FOR SYSTEM_TIME AS OF TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 1 HOUR);
CREATE TABLE ds.cloned CLONE ds.src;
CREATE OR REPLACE TABLE ds.copied COPY ds.src;
;;;
ds.snap.a <- ds.src.a IDENTITY plain
ds.snap.b <- ds.src.b IDENTITY plain
ds.cloned.a <- ds.src.a IDENTITY plain
ds.cloned.b <- ds.src.b IDENTITY plain
ds.copied.a <- ds.src.a IDENTITY plain
ds.copied.b <- ds.src.b IDENTITY plain
inputs: ds.src
===
-- case: MERGE with all kinds of clauses
-- dialect: bigquery
MERGE mart.users AS t
USING (SELECT id, LOWER(email) AS email, updated_at, deleted FROM staging.users) AS s
ON t.id = s.id
WHEN MATCHED AND s.deleted THEN DELETE
WHEN MATCHED AND s.updated_at > t.updated_at THEN UPDATE SET email = s.email, updated_at = s.updated_at
WHEN NOT MATCHED THEN INSERT (id, email, updated_at) VALUES (s.id, s.email, s.updated_at)
WHEN NOT MATCHED BY SOURCE THEN UPDATE SET stale = TRUE
;;;
mart.users.id <- staging.users.id IDENTITY plain
mart.users.email <- staging.users.email TRANSFORMATION plain
mart.users.updated_at <- staging.users.updated_at IDENTITY plain
mart.users <- staging.users.id JOIN
mart.users <- mart.users.id JOIN
mart.users <- staging.users.deleted FILTER
mart.users <- staging.users.updated_at FILTER
mart.users <- mart.users.updated_at FILTER
outputs: mart.users
kinds: MERGE
===
-- case: MERGE INSERT ROW fills by position
-- dialect: bigquery
-- schema: mart.users(id, mail); staging.users(user_id, email)
MERGE INTO mart.users t USING staging.users s ON FALSE
WHEN NOT MATCHED THEN INSERT ROW
WHEN NOT MATCHED BY SOURCE THEN DELETE
;;;
mart.users.id <- staging.users.user_id IDENTITY plain
mart.users.mail <- staging.users.email IDENTITY plain
===
-- case: UPDATE FROM a joined source
-- dialect: bigquery
UPDATE mart.orders AS o
SET o.status = s.status, o.total = o.net + s.tax
FROM staging.orders s JOIN ds.rates r ON r.country = s.country
WHERE o.id = s.id AND r.active
;;;
mart.orders.status <- staging.orders.status IDENTITY plain
mart.orders.total <- mart.orders.net TRANSFORMATION plain
mart.orders.total <- staging.orders.tax TRANSFORMATION plain
mart.orders <- ds.rates.country JOIN
mart.orders <- staging.orders.country JOIN
mart.orders <- mart.orders.id FILTER
mart.orders <- staging.orders.id FILTER
mart.orders <- ds.rates.active FILTER
outputs: mart.orders
===
-- case: DELETE with a subquery
-- dialect: bigquery
DELETE FROM mart.users WHERE id IN (SELECT user_id FROM gdpr.requests WHERE kind = 'erase')
;;;
mart.users <- mart.users.id FILTER
mart.users <- gdpr.requests.user_id FILTER
mart.users <- gdpr.requests.kind FILTER
outputs: mart.users
===
-- case: EXPORT DATA to a bucket
-- dialect: bigquery
EXPORT DATA OPTIONS (uri = 'gs://bucket/users/*.csv', format = 'CSV', overwrite = true) AS
SELECT id, SHA256(email) AS mail FROM mart.users
;;;
gs://bucket/users/*.csv.id <- mart.users.id IDENTITY plain
gs://bucket/users/*.csv.mail <- mart.users.email TRANSFORMATION pseudonymised
outputs: gs://bucket/users/*.csv
===
-- case: LOAD DATA from files
-- dialect: bigquery
-- schema: raw.users(id, email)
LOAD DATA OVERWRITE raw.users FROM FILES (format = 'PARQUET', uris = ['gs://bucket/users/*.parquet'])
;;;
raw.users.id <- gs://bucket/users/*.parquet.id IDENTITY plain
raw.users.email <- gs://bucket/users/*.parquet.email IDENTITY plain
inputs: gs://bucket/users/*.parquet
outputs: raw.users
===
-- case: script with temporary tables is contracted
-- dialect: bigquery
CREATE TEMP TABLE active AS SELECT id, email FROM raw.users WHERE deleted_at IS NULL;
CREATE TEMP TABLE spend AS SELECT user_id, SUM(amount) AS total FROM raw.orders GROUP BY user_id;
CREATE OR REPLACE TABLE mart.spend AS
SELECT a.email, s.total FROM active a JOIN spend s ON s.user_id = a.id;
DROP TABLE active;
;;;
mart.spend.email <- raw.users.email IDENTITY plain
mart.spend.total <- raw.orders.amount AGGREGATION aggregated
mart.spend <- raw.users.deleted_at FILTER
mart.spend <- raw.orders.user_id GROUP_BY
mart.spend <- raw.orders.user_id JOIN
mart.spend <- raw.users.id JOIN
inputs: raw.users, raw.orders
outputs: mart.spend
===
-- case: script variables are no columns
-- dialect: bigquery
DECLARE cutoff DATE DEFAULT DATE '2024-01-01';
DECLARE n INT64;
SET n = 5;
INSERT INTO mart.recent (id, day) SELECT id, day FROM raw.orders WHERE day >= cutoff AND rank < n;
;;;
mart.recent.id <- raw.orders.id IDENTITY plain
mart.recent.day <- raw.orders.day IDENTITY plain
mart.recent <- raw.orders.day FILTER
mart.recent <- raw.orders.rank FILTER
===
-- case: parameters and Jinja-less placeholders
-- dialect: bigquery
SELECT id FROM raw.orders WHERE day BETWEEN @from AND @to AND country = ?
;;;
.id <- raw.orders.id IDENTITY plain
* <- raw.orders.day FILTER
* <- raw.orders.country FILTER
===
-- case: time travel and sampling
-- dialect: bigquery
SELECT id FROM raw.orders AS o FOR SYSTEM_TIME AS OF TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 1 DAY) TABLESAMPLE SYSTEM (10 PERCENT)
;;;
.id <- raw.orders.id IDENTITY plain
===
-- case: SELECT AS STRUCT in an array subquery
-- dialect: bigquery
SELECT u.id, ARRAY(SELECT AS STRUCT o.id AS order_id, o.amount FROM ds.orders o WHERE o.user_id = u.id ORDER BY o.ts) AS orders
FROM ds.users u
;;;
.id <- ds.users.id IDENTITY plain
.orders <- ds.orders.id TRANSFORMATION plain
.orders <- ds.orders.amount TRANSFORMATION plain
* <- ds.orders.user_id FILTER
* <- ds.users.id FILTER
* <- ds.orders.ts SORT
===
-- case: SELECT AS VALUE
-- dialect: bigquery
SELECT AS VALUE STRUCT(a AS x, b AS y) FROM ds.t
;;;
.x <- ds.t.a IDENTITY plain
.y <- ds.t.b IDENTITY plain
===
-- case: pipe syntax
-- dialect: bigquery
FROM raw.orders
|> WHERE status = 'paid'
|> EXTEND amount * 2 AS doubled
|> AGGREGATE SUM(doubled) AS total GROUP BY country
|> ORDER BY total DESC
;;;
.country <- raw.orders.country IDENTITY plain
.total <- raw.orders.amount AGGREGATION aggregated
* <- raw.orders.status FILTER
* <- raw.orders.country GROUP_BY
* <- raw.orders.amount SORT
===
-- case: ML.PREDICT over a query
-- dialect: bigquery
SELECT customer_id, predicted_churn
FROM ML.PREDICT(MODEL `ds.churn_model`, (SELECT customer_id, tenure, plan FROM ds.customers))
;;;
.predicted_churn <- ds.churn_model.* TRANSFORMATION plain
.customer_id <- ds.customers.customer_id IDENTITY plain
.predicted_churn <- ds.customers.customer_id TRANSFORMATION plain
.predicted_churn <- ds.customers.tenure TRANSFORMATION plain
.predicted_churn <- ds.customers.plan TRANSFORMATION plain
===
-- case: grouping sets and rollup
-- dialect: bigquery
SELECT country, city, SUM(x) AS s FROM ds.t GROUP BY ROLLUP (country, city) HAVING MAX(y) > 3 ORDER BY s
;;;
.country <- ds.t.country IDENTITY plain
.city <- ds.t.city IDENTITY plain
.s <- ds.t.x AGGREGATION aggregated
* <- ds.t.country GROUP_BY
* <- ds.t.city GROUP_BY
* <- ds.t.y FILTER
* <- ds.t.x SORT
===
-- case: unknown columns of a join are kept and reported
-- dialect: bigquery
-- problems: 1
SELECT a.id, mystery FROM ds.a JOIN ds.b ON a.id = b.id
;;;
.id <- ds.a.id IDENTITY plain
.mystery <- .mystery IDENTITY plain
* <- ds.a.id JOIN
* <- ds.b.id JOIN
===
-- case: a partial schema decides between two tables
-- dialect: bigquery
-- schema: ds.a(id, mystery)
SELECT mystery, other FROM ds.a JOIN ds.b ON a.id = b.id
;;;
.mystery <- ds.a.mystery IDENTITY plain
.other <- ds.b.other IDENTITY plain
* <- ds.a.id JOIN
* <- ds.b.id JOIN
===
-- case: ALTER, RENAME, TRUNCATE and DROP
-- dialect: bigquery
ALTER TABLE mart.new RENAME TO old;
TRUNCATE TABLE mart.stage;
DROP TABLE IF EXISTS mart.gone;
;;;
events: rename mart.new mart.old; truncate mart.stage; drop mart.gone
===
-- case: SELECT DISTINCT groups by its columns
-- dialect: bigquery
SELECT DISTINCT a, UPPER(b) AS b FROM ds.t ORDER BY 2
;;;
.a <- ds.t.a IDENTITY plain
.b <- ds.t.b TRANSFORMATION plain
* <- ds.t.a GROUP_BY
* <- ds.t.b GROUP_BY
* <- ds.t.b SORT
===
-- case: INFORMATION_SCHEMA view by region
-- dialect: bigquery
SELECT user_email, SUM(total_bytes_billed) AS billed
FROM `my-proj`.`region-eu`.INFORMATION_SCHEMA.JOBS_BY_PROJECT GROUP BY user_email
;;;
.user_email <- my-proj.region-eu.INFORMATION_SCHEMA.JOBS_BY_PROJECT.user_email IDENTITY plain
.billed <- my-proj.region-eu.INFORMATION_SCHEMA.JOBS_BY_PROJECT.total_bytes_billed AGGREGATION aggregated
* <- my-proj.region-eu.INFORMATION_SCHEMA.JOBS_BY_PROJECT.user_email GROUP_BY
===
