-- case: unnest of array and map
-- dialect: trino
-- schema: t(id, tags, attrs)
SELECT t.id, u.tag, m.k, m.v
FROM t
CROSS JOIN UNNEST(t.tags) AS u (tag)
CROSS JOIN UNNEST(t.attrs) AS m (k, v)
;;;
.id <- t.id IDENTITY plain
.tag <- t.tags TRANSFORMATION plain
.k <- t.attrs TRANSFORMATION plain
.v <- t.attrs TRANSFORMATION plain
===
-- case: unnest two arrays side by side
-- dialect: trino
-- schema: t(id, names, sizes)
SELECT id, n, s, pos FROM t CROSS JOIN UNNEST(names, sizes) WITH ORDINALITY AS x (n, s, pos)
;;;
.id <- t.id IDENTITY plain
.n <- t.names TRANSFORMATION plain
.s <- t.sizes TRANSFORMATION plain
===
-- case: json and casts
-- dialect: trino
SELECT json_extract_scalar(body, '$.user.email') AS email,
       CAST(json_extract(body, '$.total') AS double) AS total,
       try_cast(json_extract_scalar(body, '$.n') AS bigint) AS n
FROM hive.raw.events
WHERE dt BETWEEN '2024-01-01' AND '2024-01-31'
;;;
.email <- hive.raw.events.body TRANSFORMATION plain @user.email
.total <- hive.raw.events.body TRANSFORMATION plain @total
.n <- hive.raw.events.body TRANSFORMATION plain @n
* <- hive.raw.events.dt FILTER
===
-- case: max_by and approx_percentile and lambdas
-- dialect: trino
SELECT user_id,
       max_by(status, at) AS last_status,
       approx_distinct(session_id) AS sessions,
       transform(array_agg(page), p -> lower(p)) AS pages,
       filter(array_agg(score), s -> s > 0.5) AS good
FROM log
GROUP BY user_id
;;;
.user_id <- log.user_id IDENTITY plain
.last_status <- log.status AGGREGATION plain
.last_status <- log.at AGGREGATION derived
.sessions <- log.session_id AGGREGATION aggregated
.pages <- log.page AGGREGATION plain
.good <- log.score AGGREGATION plain
* <- log.user_id GROUP_BY
===
-- case: row fields
-- dialect: trino
-- schema: t(id, address ROW(city varchar, zip varchar))
SELECT t.address.city, address.zip AS zip FROM t
;;;
.city <- t.address.city IDENTITY plain
.zip <- t.address.zip IDENTITY plain
===
-- case: match_recognize
-- dialect: trino
-- schema: orders(customer_id, order_date, price)
SELECT * FROM orders MATCH_RECOGNIZE (
  PARTITION BY customer_id
  ORDER BY order_date
  MEASURES A.price AS starting_price, LAST(B.price) AS bottom_price
  ONE ROW PER MATCH
  AFTER MATCH SKIP PAST LAST ROW
  PATTERN (A B+ C+)
  DEFINE B AS B.price < PREV(B.price), C AS C.price > PREV(C.price)
)
;;;
.customer_id <- orders.customer_id IDENTITY plain
.starting_price <- orders.price IDENTITY plain
.bottom_price <- orders.price AGGREGATION plain
* <- orders.customer_id GROUP_BY
* <- orders.order_date SORT
* <- orders.price FILTER
columns: customer_id, starting_price, bottom_price
===
-- case: ctas with properties
-- dialect: trino
CREATE TABLE iceberg.mart.daily
WITH (format = 'PARQUET', partitioning = ARRAY['day'])
AS SELECT date(at) AS day, sum(amount) AS amount FROM hive.raw.payments GROUP BY 1
;;;
iceberg.mart.daily.day <- hive.raw.payments.at TRANSFORMATION plain
iceberg.mart.daily.amount <- hive.raw.payments.amount AGGREGATION aggregated
iceberg.mart.daily <- hive.raw.payments.at GROUP_BY
===
-- case: athena unload
-- dialect: athena
UNLOAD (SELECT id, email FROM users WHERE dt = '2024-01-01') TO 's3://b/out/' WITH (format = 'JSON')
;;;
s3://b/out/.id <- users.id IDENTITY plain
s3://b/out/.email <- users.email IDENTITY plain
s3://b/out/ <- users.dt FILTER
outputs: s3://b/out/
===
-- case: athena ctas with location
-- dialect: athena
CREATE TABLE new_t WITH (format = 'PARQUET', external_location = 's3://b/new_t/') AS SELECT id, upper(name) AS name FROM old_t
;;;
new_t.id <- old_t.id IDENTITY plain
new_t.name <- old_t.name TRANSFORMATION plain
===
-- case: merge with several actions
-- dialect: trino
MERGE INTO accounts t USING monthly_accounts_update s
ON (t.customer = s.customer)
WHEN MATCHED AND s.address = 'Centreville' THEN DELETE
WHEN MATCHED THEN UPDATE SET purchases = s.purchases + t.purchases, address = s.address
WHEN NOT MATCHED THEN INSERT (customer, purchases, address) VALUES (s.customer, s.purchases, s.address)
;;;
accounts.purchases <- monthly_accounts_update.purchases TRANSFORMATION plain
accounts.purchases <- accounts.purchases TRANSFORMATION plain
accounts.purchases <- monthly_accounts_update.purchases IDENTITY plain
accounts.address <- monthly_accounts_update.address IDENTITY plain
accounts.customer <- monthly_accounts_update.customer IDENTITY plain
accounts <- accounts.customer JOIN
accounts <- monthly_accounts_update.customer JOIN
accounts <- monthly_accounts_update.address FILTER
===
-- case: values cte and in list of rows
-- dialect: trino
WITH w (code, weight) AS (VALUES ('a', 1), ('b', 2))
SELECT s.id, s.score * w.weight AS weighted FROM scores s JOIN w ON w.code = s.code WHERE (s.a, s.b) IN (SELECT x, y FROM allowed)
;;;
.id <- scores.id IDENTITY plain
.weighted <- scores.score TRANSFORMATION plain
* <- scores.code JOIN
* <- scores.a FILTER
* <- scores.b FILTER
* <- allowed.x FILTER
* <- allowed.y FILTER
===
-- case: cross catalog funnel
-- dialect: trino
-- schema: hive.web.events(event_id, user_id, name, ts, props, dt); mysql.app.users(id, email, country, created); iceberg.ref.countries(iso, region)
INSERT INTO iceberg.mart.funnel (dt, region, step1, step2, step3, emails)
WITH e AS (
  SELECT
    user_id,
    dt,
    min(ts) FILTER (WHERE name = 'view')     AS t1,
    min(ts) FILTER (WHERE name = 'cart')     AS t2,
    min(ts) FILTER (WHERE name = 'checkout') AS t3,
    max(json_extract_scalar(props, '$.ab.variant')) AS variant
  FROM hive.web.events
  WHERE dt >= date_format(current_date - interval '7' day, '%Y-%m-%d')
  GROUP BY user_id, dt
),
u AS (
  SELECT u.id, to_hex(sha256(to_utf8(lower(u.email)))) AS email_key, coalesce(c.region, 'other') AS region
  FROM mysql.app.users u
  LEFT JOIN iceberg.ref.countries c ON c.iso = u.country
)
SELECT
  e.dt,
  u.region,
  count_if(e.t1 IS NOT NULL),
  count_if(e.t2 > e.t1),
  count_if(e.t3 > e.t2 AND e.t2 > e.t1),
  array_agg(DISTINCT u.email_key)
FROM e
JOIN u ON u.id = e.user_id
WHERE e.variant IS DISTINCT FROM 'control'
GROUP BY e.dt, u.region
;;;
iceberg.mart.funnel.dt <- hive.web.events.dt IDENTITY plain
iceberg.mart.funnel.region <- iceberg.ref.countries.region TRANSFORMATION plain
iceberg.mart.funnel.region <- iceberg.ref.countries.region CONDITIONAL
iceberg.mart.funnel.step1 <- hive.web.events.ts AGGREGATION aggregated
iceberg.mart.funnel.step1 <- hive.web.events.name CONDITIONAL
iceberg.mart.funnel.step2 <- hive.web.events.ts AGGREGATION aggregated
iceberg.mart.funnel.step2 <- hive.web.events.name CONDITIONAL
iceberg.mart.funnel.step3 <- hive.web.events.ts AGGREGATION aggregated
iceberg.mart.funnel.step3 <- hive.web.events.name CONDITIONAL
iceberg.mart.funnel.emails <- mysql.app.users.email AGGREGATION pseudonymised
iceberg.mart.funnel <- hive.web.events.dt FILTER
iceberg.mart.funnel <- hive.web.events.user_id GROUP_BY
iceberg.mart.funnel <- hive.web.events.dt GROUP_BY
iceberg.mart.funnel <- iceberg.ref.countries.iso JOIN
iceberg.mart.funnel <- mysql.app.users.country JOIN
iceberg.mart.funnel <- mysql.app.users.id JOIN
iceberg.mart.funnel <- hive.web.events.user_id JOIN
iceberg.mart.funnel <- hive.web.events.props FILTER @ab.variant
iceberg.mart.funnel <- iceberg.ref.countries.region GROUP_BY
inputs: hive.web.events, mysql.app.users, iceberg.ref.countries
outputs: iceberg.mart.funnel
