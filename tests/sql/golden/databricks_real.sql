-- case: medallion refresh with nested arrays
-- dialect: databricks
USE CATALOG main;
CREATE OR REPLACE TEMP VIEW v_clicks AS
SELECT
  e.device_id,
  e.props:campaign.id::int                         AS campaign_id,
  to_timestamp(e.ts / 1000)                        AS at,
  p.sku,
  coalesce(p.price, 0.0D)                          AS price
FROM bronze.events e
LATERAL VIEW OUTER explode(e.products) tmp AS p
WHERE e.kind RLIKE '^(click|tap)$' AND e.ds >= date_sub(current_date(), 7);

CREATE OR REPLACE TABLE gold.campaign_day USING delta AS
SELECT /*+ BROADCAST(c) */
  c.name AS campaign,
  date_trunc('DAY', v.at) AS day,
  count(DISTINCT v.device_id) AS devices,
  sum(CASE WHEN v.price > 100 THEN v.price ELSE 0 END) AS high_value,
  collect_set(v.sku) AS skus,
  max_by(v.sku, v.price) AS best
FROM v_clicks v
JOIN silver.campaigns c ON c.id = v.campaign_id AND NOT c.deleted
GROUP BY c.name, date_trunc('DAY', v.at)
HAVING count(*) > 5;
;;;
main.gold.campaign_day.campaign <- main.silver.campaigns.name IDENTITY plain
main.gold.campaign_day.day <- main.bronze.events.ts TRANSFORMATION plain
main.gold.campaign_day.devices <- main.bronze.events.device_id AGGREGATION aggregated
main.gold.campaign_day.high_value <- main.bronze.events.products.price AGGREGATION aggregated
main.gold.campaign_day.high_value <- main.bronze.events.products.price CONDITIONAL
main.gold.campaign_day.skus <- main.bronze.events.products.sku AGGREGATION plain
main.gold.campaign_day.best <- main.bronze.events.products.sku AGGREGATION plain
main.gold.campaign_day.best <- main.bronze.events.products.price AGGREGATION derived
main.gold.campaign_day.best <- main.bronze.events.products.price CONDITIONAL
main.gold.campaign_day <- main.bronze.events.kind FILTER
main.gold.campaign_day <- main.silver.campaigns.* FILTER
main.gold.campaign_day <- main.bronze.events.ds FILTER
main.gold.campaign_day <- main.silver.campaigns.id JOIN
main.gold.campaign_day <- main.bronze.events.props JOIN @campaign.id
main.gold.campaign_day <- main.silver.campaigns.deleted JOIN
main.gold.campaign_day <- main.silver.campaigns.name GROUP_BY
main.gold.campaign_day <- main.bronze.events.ts GROUP_BY
inputs: main.bronze.events, main.silver.campaigns
outputs: main.gold.campaign_day
===
-- case: upsert of the latest change with a window in a CTE
-- dialect: databricks
WITH latest AS (
  SELECT key.id AS id, after.* FROM (
    SELECT key, after, op, row_number() OVER (PARTITION BY key.id ORDER BY lsn DESC) AS rn
    FROM bronze.cdc_users
  ) WHERE rn = 1 AND op <> 'd'
)
MERGE WITH SCHEMA EVOLUTION INTO silver.users AS t
USING latest AS s ON s.id = t.id
WHEN MATCHED AND s.updated_at > t.updated_at THEN UPDATE SET t.email = s.email, t.updated_at = s.updated_at
WHEN NOT MATCHED BY TARGET THEN INSERT (id, email) VALUES (s.id, lower(s.email))
;;;
silver.users.email <- bronze.cdc_users.after.email IDENTITY plain
silver.users.email <- bronze.cdc_users.after.email TRANSFORMATION plain
silver.users.updated_at <- bronze.cdc_users.after.updated_at IDENTITY plain
silver.users.id <- bronze.cdc_users.key.id IDENTITY plain
silver.users <- bronze.cdc_users.key.id JOIN
silver.users <- silver.users.id JOIN
silver.users <- bronze.cdc_users.key.id FILTER
silver.users <- bronze.cdc_users.lsn FILTER
silver.users <- bronze.cdc_users.op FILTER
silver.users <- bronze.cdc_users.after.updated_at FILTER
silver.users <- silver.users.updated_at FILTER
===
-- case: Hive-style daily load with a self join and nested functions
-- dialect: hive
-- schema: dw.user_daily(user_id, first_seen, last_page, pages, dt)
INSERT OVERWRITE TABLE dw.user_daily PARTITION (dt = '${hivevar:dt}')
SELECT
    COALESCE(cur.user_id, prev.user_id),
    IF(prev.first_seen IS NULL, cur.first_ts, prev.first_seen),
    CASE WHEN cur.last_page = '' THEN prev.last_page ELSE cur.last_page END,
    NVL(cur.pages, 0) + NVL(prev.pages, 0)
FROM (
    SELECT user_id,
           MIN(ts) AS first_ts,
           SPLIT(MAX(CONCAT(ts, '\001', parse_url(url, 'PATH'))), '\001')[1] AS last_page,
           COUNT(*) AS pages
    FROM ods.page_views
    WHERE dt = '${hivevar:dt}' AND user_id RLIKE '^[0-9]+$'
    GROUP BY user_id
) cur
FULL OUTER JOIN (SELECT * FROM dw.user_daily WHERE dt = date_sub('${hivevar:dt}', 1)) prev
ON cur.user_id = prev.user_id
;;;
dw.user_daily.user_id <- ods.page_views.user_id TRANSFORMATION plain
dw.user_daily.user_id <- ods.page_views.user_id CONDITIONAL
dw.user_daily.user_id <- dw.user_daily.user_id TRANSFORMATION plain
dw.user_daily.user_id <- dw.user_daily.user_id CONDITIONAL
dw.user_daily.first_seen <- dw.user_daily.first_seen CONDITIONAL
dw.user_daily.first_seen <- dw.user_daily.first_seen TRANSFORMATION plain
dw.user_daily.first_seen <- ods.page_views.ts AGGREGATION plain
dw.user_daily.last_page <- ods.page_views.ts AGGREGATION plain
dw.user_daily.last_page <- ods.page_views.url AGGREGATION plain
dw.user_daily.last_page <- ods.page_views.ts CONDITIONAL
dw.user_daily.last_page <- ods.page_views.url CONDITIONAL
dw.user_daily.last_page <- dw.user_daily.last_page TRANSFORMATION plain
dw.user_daily.pages <- ods.page_views.* AGGREGATION aggregated
dw.user_daily.pages <- ods.page_views.* CONDITIONAL
dw.user_daily.pages <- dw.user_daily.pages TRANSFORMATION plain
dw.user_daily.pages <- dw.user_daily.pages CONDITIONAL
dw.user_daily <- ods.page_views.dt FILTER
dw.user_daily <- ods.page_views.user_id FILTER
dw.user_daily <- ods.page_views.user_id GROUP_BY
dw.user_daily <- dw.user_daily.dt FILTER
dw.user_daily <- ods.page_views.user_id JOIN
dw.user_daily <- dw.user_daily.user_id JOIN
===
-- case: RFM segments with chained aliases and a pivot
-- dialect: databricks
WITH rfm AS (
  SELECT customer_id,
    datediff(current_date(), max(order_date)) AS recency,
    count(DISTINCT order_id) AS frequency,
    sum(net) AS monetary
  FROM silver.orders WHERE status = 'paid' GROUP BY ALL
), scored AS (
  SELECT *, ntile(5) OVER (ORDER BY recency DESC) AS r, ntile(5) OVER (ORDER BY monetary) AS m, r * 10 + m AS score FROM rfm
)
SELECT * FROM (
  SELECT c.country, CASE WHEN s.score >= 44 THEN 'top' ELSE 'rest' END AS segment, s.monetary
  FROM scored s JOIN silver.customers c ON c.id = s.customer_id
) PIVOT (avg(monetary) FOR segment IN ('top', 'rest'))
;;;
.country <- silver.customers.country IDENTITY plain
.top <- silver.orders.net AGGREGATION aggregated
.top <- silver.orders.order_date CONDITIONAL
.top <- silver.orders.net CONDITIONAL
.rest <- silver.orders.net AGGREGATION aggregated
.rest <- silver.orders.order_date CONDITIONAL
.rest <- silver.orders.net CONDITIONAL
* <- silver.customers.country GROUP_BY
* <- silver.orders.status FILTER
* <- silver.orders.customer_id GROUP_BY
* <- silver.customers.id JOIN
* <- silver.orders.customer_id JOIN
columns: country, top, rest
===
-- case: Hive ETL of three steps with multi-insert
-- dialect: hive
SET hive.exec.dynamic.partition.mode=nonstrict;
DROP TABLE IF EXISTS tmp.sess;
CREATE TABLE tmp.sess STORED AS ORC AS
SELECT uid, sid, MIN(ts) AS start_ts, MAX(ts) AS end_ts, SIZE(COLLECT_SET(page)) AS pages
FROM ods.hits LATERAL VIEW EXPLODE(SPLIT(sids, '\\|')) x AS sid
WHERE dt BETWEEN '2024-01-01' AND '2024-01-31'
GROUP BY uid, sid;
FROM (SELECT s.*, u.country FROM tmp.sess s LEFT OUTER JOIN dim.users u ON (s.uid = u.id)) j
INSERT OVERWRITE TABLE mart.sess_by_country PARTITION (country)
SELECT COUNT(DISTINCT j.uid) AS users, SUM(j.end_ts - j.start_ts) AS secs, j.country GROUP BY j.country
INSERT OVERWRITE TABLE mart.long_sess PARTITION (dt = '2024-01')
SELECT j.uid, j.pages WHERE j.pages > 10;
DROP TABLE tmp.sess;
;;;
mart.sess_by_country.users <- ods.hits.uid AGGREGATION aggregated
mart.sess_by_country.secs <- ods.hits.ts AGGREGATION aggregated
mart.sess_by_country.country <- dim.users.country IDENTITY plain
mart.sess_by_country <- dim.users.country GROUP_BY
mart.sess_by_country <- dim.users.id JOIN
mart.sess_by_country <- ods.hits.uid JOIN
mart.sess_by_country <- ods.hits.dt FILTER
mart.sess_by_country <- ods.hits.uid GROUP_BY
mart.sess_by_country <- ods.hits.sids GROUP_BY
mart.long_sess.uid <- ods.hits.uid IDENTITY plain
mart.long_sess.pages <- ods.hits.page AGGREGATION derived
mart.long_sess <- ods.hits.page FILTER
mart.long_sess <- dim.users.id JOIN
mart.long_sess <- ods.hits.uid JOIN
mart.long_sess <- ods.hits.dt FILTER
mart.long_sess <- ods.hits.uid GROUP_BY
mart.long_sess <- ods.hits.sids GROUP_BY
inputs: ods.hits, dim.users
outputs: mart.sess_by_country, mart.long_sess
===
-- case: feature table with map lookups and chained lambdas
-- dialect: databricks
CREATE OR REPLACE TABLE ml.features AS
WITH base AS (
  SELECT
    u.id,
    u.attrs['tier']                                           AS tier,
    element_at(u.scores, -1)                                  AS last_score,
    size(filter(u.orders, o -> o.total > 100))                AS big_orders,
    array_join(transform(u.tags, t -> lower(t.name)), ',')    AS tag_text,
    to_json(struct(u.id, u.email AS mail))                    AS doc,
    date_format(u.born, 'yyyy')                               AS birth_year
  FROM silver.users u
)
SELECT b.*, b.last_score / NULLIF(avg(b.last_score) OVER (PARTITION BY b.tier), 0) AS rel_score,
  CAST(b.birth_year AS INT) DIV 10 * 10 AS decade, sha1(b.doc) AS doc_hash
FROM base b
;;;
ml.features.id <- silver.users.id IDENTITY plain
ml.features.tier <- silver.users.attrs TRANSFORMATION plain @tier
ml.features.last_score <- silver.users.scores TRANSFORMATION plain
ml.features.big_orders <- silver.users.orders TRANSFORMATION derived
ml.features.tag_text <- silver.users.tags TRANSFORMATION plain
ml.features.doc <- silver.users.id TRANSFORMATION plain
ml.features.doc <- silver.users.email TRANSFORMATION plain
ml.features.birth_year <- silver.users.born TRANSFORMATION plain
ml.features.rel_score <- silver.users.scores TRANSFORMATION plain
ml.features.rel_score <- silver.users.scores AGGREGATION aggregated
ml.features.rel_score <- silver.users.scores CONDITIONAL
ml.features.rel_score <- silver.users.attrs WINDOW @tier
ml.features.rel_score <- silver.users.attrs CONDITIONAL @tier
ml.features.decade <- silver.users.born TRANSFORMATION plain
ml.features.doc_hash <- silver.users.id TRANSFORMATION pseudonymised
ml.features.doc_hash <- silver.users.email TRANSFORMATION pseudonymised
===
