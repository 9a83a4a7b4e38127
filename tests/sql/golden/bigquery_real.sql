-- case: GA4 sessions with channel grouping
-- dialect: bigquery
CREATE OR REPLACE TABLE `acme-dwh.marts.ga4_sessions`
PARTITION BY session_date
CLUSTER BY channel, country AS
-- one row per session; the last non-direct click wins
WITH events AS (
  SELECT
    PARSE_DATE('%Y%m%d', event_date) AS event_date,
    user_pseudo_id,
    (SELECT value.int_value FROM UNNEST(event_params) WHERE key = 'ga_session_id') AS session_id,
    (SELECT value.string_value FROM UNNEST(event_params) WHERE key = 'source') AS source,
    LOWER((SELECT value.string_value FROM UNNEST(event_params) WHERE key = 'medium')) AS medium,
    event_timestamp,
    event_name,
    geo.country AS country,
    ecommerce.purchase_revenue AS revenue
  FROM `acme-dwh.analytics_123.events_*`
  WHERE _TABLE_SUFFIX >= FORMAT_DATE('%Y%m%d', DATE_SUB(CURRENT_DATE(), INTERVAL 30 DAY))
    AND device.category != 'bot' -- "internal" traffic
),
sessions AS (
  SELECT
    user_pseudo_id,
    session_id,
    MIN(event_date) AS session_date,
    ANY_VALUE(country) AS country,
    ARRAY_AGG(IF(source IS NOT NULL, source, NULL) IGNORE NULLS ORDER BY event_timestamp LIMIT 1)[SAFE_OFFSET(0)] AS source,
    MAX(medium) AS medium,
    COUNTIF(event_name = 'page_view') AS page_views,
    SUM(COALESCE(revenue, 0)) AS revenue
  FROM events
  WHERE session_id IS NOT NULL
  GROUP BY user_pseudo_id, session_id
)
SELECT
  CONCAT(s.user_pseudo_id, '.', CAST(s.session_id AS STRING)) AS session_key,
  s.session_date,
  s.country,
  CASE
    WHEN s.medium IN ('cpc', 'ppc') THEN 'Paid'
    WHEN m.channel IS NOT NULL THEN m.channel
    ELSE s.source
  END AS channel,
  s.page_views,
  s.revenue
FROM sessions AS s
LEFT JOIN `acme-dwh.ref.channel_map` AS m USING (source)
WHERE s.page_views > 0
;;;
acme-dwh.marts.ga4_sessions.session_key <- acme-dwh.analytics_123.events_*.user_pseudo_id TRANSFORMATION plain
acme-dwh.marts.ga4_sessions.session_key <- acme-dwh.analytics_123.events_*.event_params.value.int_value TRANSFORMATION plain
acme-dwh.marts.ga4_sessions.session_date <- acme-dwh.analytics_123.events_*.event_date AGGREGATION plain
acme-dwh.marts.ga4_sessions.country <- acme-dwh.analytics_123.events_*.geo.country AGGREGATION plain
acme-dwh.marts.ga4_sessions.channel <- acme-dwh.analytics_123.events_*.event_params.value.string_value CONDITIONAL
acme-dwh.marts.ga4_sessions.channel <- acme-dwh.ref.channel_map.channel CONDITIONAL
acme-dwh.marts.ga4_sessions.channel <- acme-dwh.ref.channel_map.channel TRANSFORMATION plain
acme-dwh.marts.ga4_sessions.channel <- acme-dwh.analytics_123.events_*.event_params.value.string_value AGGREGATION plain
acme-dwh.marts.ga4_sessions.channel <- acme-dwh.analytics_123.events_*.event_timestamp WINDOW
acme-dwh.marts.ga4_sessions.page_views <- acme-dwh.analytics_123.events_*.event_name AGGREGATION aggregated
acme-dwh.marts.ga4_sessions.revenue <- acme-dwh.analytics_123.events_*.ecommerce.purchase_revenue AGGREGATION aggregated
acme-dwh.marts.ga4_sessions.revenue <- acme-dwh.analytics_123.events_*.ecommerce.purchase_revenue CONDITIONAL
acme-dwh.marts.ga4_sessions <- acme-dwh.analytics_123.events_*.event_params.key FILTER
acme-dwh.marts.ga4_sessions <- acme-dwh.analytics_123.events_*._table_suffix FILTER
acme-dwh.marts.ga4_sessions <- acme-dwh.analytics_123.events_*.device.category FILTER
acme-dwh.marts.ga4_sessions <- acme-dwh.analytics_123.events_*.event_params.value.int_value FILTER
acme-dwh.marts.ga4_sessions <- acme-dwh.analytics_123.events_*.event_name FILTER
acme-dwh.marts.ga4_sessions <- acme-dwh.analytics_123.events_*.user_pseudo_id GROUP_BY
acme-dwh.marts.ga4_sessions <- acme-dwh.analytics_123.events_*.event_params.value.int_value GROUP_BY
acme-dwh.marts.ga4_sessions <- acme-dwh.analytics_123.events_*.event_params.value.string_value JOIN
acme-dwh.marts.ga4_sessions <- acme-dwh.analytics_123.events_*.event_timestamp JOIN
acme-dwh.marts.ga4_sessions <- acme-dwh.ref.channel_map.source JOIN
inputs: acme-dwh.analytics_123.events_*, acme-dwh.ref.channel_map
columns: session_key, session_date, country, channel, page_views, revenue
===
-- case: slowly changing dimension by MERGE with a union source
-- dialect: bigquery
MERGE INTO dwh.dim_customer AS t
USING (
  -- rows to update carry their key, rows to insert a NULL one
  SELECT src.customer_id AS merge_key, src.*
  FROM (
    SELECT customer_id, name, TO_HEX(MD5(CONCAT(name, '|', IFNULL(city, '')))) AS row_hash, loaded_at
    FROM staging.customers
    WHERE DATE(loaded_at) = CURRENT_DATE()
  ) AS src
  UNION ALL
  SELECT NULL AS merge_key, s2.customer_id, s2.name, TO_HEX(MD5(CONCAT(s2.name, '|', IFNULL(s2.city, '')))), s2.loaded_at
  FROM staging.customers AS s2
  JOIN dwh.dim_customer AS d ON d.customer_id = s2.customer_id
  WHERE d.is_current
) AS s
ON t.customer_id = s.merge_key AND t.is_current
WHEN MATCHED AND t.row_hash <> s.row_hash THEN
  UPDATE SET is_current = FALSE, valid_to = s.loaded_at
WHEN NOT MATCHED THEN
  INSERT (customer_id, name, row_hash, valid_from, valid_to, is_current)
  VALUES (s.customer_id, s.name, s.row_hash, s.loaded_at, NULL, TRUE)
;;;
dwh.dim_customer.valid_to <- staging.customers.loaded_at IDENTITY plain
dwh.dim_customer.customer_id <- staging.customers.customer_id IDENTITY plain
dwh.dim_customer.name <- staging.customers.name IDENTITY plain
dwh.dim_customer.row_hash <- staging.customers.name TRANSFORMATION pseudonymised
dwh.dim_customer.row_hash <- staging.customers.city TRANSFORMATION pseudonymised
dwh.dim_customer.row_hash <- staging.customers.city CONDITIONAL
dwh.dim_customer.valid_from <- staging.customers.loaded_at IDENTITY plain
dwh.dim_customer <- staging.customers.loaded_at FILTER
dwh.dim_customer <- dwh.dim_customer.customer_id JOIN
dwh.dim_customer <- staging.customers.customer_id JOIN
dwh.dim_customer <- dwh.dim_customer.is_current FILTER
dwh.dim_customer <- dwh.dim_customer.is_current JOIN
dwh.dim_customer <- dwh.dim_customer.row_hash FILTER
dwh.dim_customer <- staging.customers.name FILTER
dwh.dim_customer <- staging.customers.city FILTER
inputs: staging.customers, dwh.dim_customer
===
-- case: analyst cohort query with commented-out code
-- dialect: bigquery
#standardSQL
with base as (
select u.user_id as uid
     , date_trunc(u.created_at, month)   cohort   -- , u.email
     , o.order_id, o.amount
     , date_diff(date_trunc(o.order_date, month), date_trunc(u.created_at, month), month) month_no
/*   , o.coupon_code
     , row_number() over (partition by uid) rn */
from `shop.raw.users` u
left join (select * from shop.raw.orders where status not in ("cancelled", 'test; drop')) o
  on o.user_id = u.user_id and o.order_date >= u.created_at
where 1=1
  and u.country in unnest(['DE', "AT"])
  -- and u.is_test = false
)
, cohort_size as (select cohort, count(distinct uid) users from base group by 1)
select b.cohort, b.month_no, c.users,
  count(distinct b.uid) active,
  round(safe_divide(count(distinct b.uid), c.users) * 100, 1) as `retention_%`,
  sum(b.amount) / nullif(count(distinct b.order_id), 0) as aov
from base b join cohort_size c on b.cohort = c.cohort
where b.month_no is not null
group by 1,2,3
having active > 10
order by 1 desc, 2
limit 1000;
;;;
.cohort <- shop.raw.users.created_at TRANSFORMATION plain
.month_no <- shop.raw.orders.order_date TRANSFORMATION derived
.month_no <- shop.raw.users.created_at TRANSFORMATION derived
.users <- shop.raw.users.user_id AGGREGATION aggregated
.active <- shop.raw.users.user_id AGGREGATION aggregated
.retention_% <- shop.raw.users.user_id AGGREGATION aggregated
.aov <- shop.raw.orders.amount AGGREGATION aggregated
.aov <- shop.raw.orders.order_id AGGREGATION aggregated
.aov <- shop.raw.orders.order_id CONDITIONAL
* <- shop.raw.orders.status FILTER
* <- shop.raw.orders.user_id JOIN
* <- shop.raw.users.user_id JOIN
* <- shop.raw.orders.order_date JOIN
* <- shop.raw.users.created_at JOIN
* <- shop.raw.users.country FILTER
* <- shop.raw.users.created_at GROUP_BY
* <- shop.raw.orders.order_date FILTER
* <- shop.raw.users.created_at FILTER
* <- shop.raw.orders.order_date GROUP_BY
* <- shop.raw.users.user_id GROUP_BY
* <- shop.raw.users.user_id FILTER
* <- shop.raw.users.created_at SORT
* <- shop.raw.orders.order_date SORT
columns: cohort, month_no, users, active, retention_%, aov
===
-- case: script with a transaction, a loop variable and temporary tables
-- dialect: bigquery
DECLARE run_date DATE DEFAULT CURRENT_DATE();
DECLARE last_ts TIMESTAMP;
SET last_ts = (SELECT MAX(loaded_at) FROM mart.orders);
CREATE TEMP TABLE new_orders AS
SELECT o.*, c.segment
FROM raw.orders o
LEFT JOIN raw.customers c ON c.id = o.customer_id
WHERE o.updated_at > last_ts;
BEGIN TRANSACTION;
DELETE FROM mart.orders WHERE order_id IN (SELECT order_id FROM new_orders);
INSERT INTO mart.orders (order_id, amount, segment, loaded_at)
SELECT order_id, CAST(amount AS NUMERIC), segment, CURRENT_TIMESTAMP() FROM new_orders
QUALIFY ROW_NUMBER() OVER (PARTITION BY order_id ORDER BY updated_at DESC) = 1;
COMMIT TRANSACTION;
;;;
mart.orders <- mart.orders.order_id FILTER
mart.orders <- raw.orders.order_id FILTER
mart.orders <- raw.customers.id JOIN
mart.orders <- raw.orders.customer_id JOIN
mart.orders <- raw.orders.updated_at FILTER
mart.orders <- mart.orders.loaded_at FILTER
mart.orders.order_id <- raw.orders.order_id IDENTITY plain
mart.orders.amount <- raw.orders.amount TRANSFORMATION plain
mart.orders.segment <- raw.customers.segment IDENTITY plain
outputs: mart.orders
===
