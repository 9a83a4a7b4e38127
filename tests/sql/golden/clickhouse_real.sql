-- case: funnel with window functions and dictionaries
-- dialect: clickhouse
-- schema: prod.events(event_time, event, user_id, session_id, props String, city_id, dt); prod.users(user_id, email, phone, reg_time)
SELECT
    dt,
    dictGet('geo.cities', 'name', city_id) AS city,
    uniq(user_id) AS users,
    uniqIf(user_id, event = 'buy') AS buyers,
    round(buyers / users * 100, 2) AS conversion,
    quantiles(0.5, 0.9)(toFloat64OrZero(JSONExtractString(props, 'duration'))) AS durations,
    topK(5)(JSONExtractString(props, 'utm', 'source')) AS top_sources,
    maxIf(event_time, event = 'view') AS last_view
FROM prod.events
WHERE dt BETWEEN today() - 30 AND today()
  AND user_id GLOBAL NOT IN (SELECT user_id FROM prod.users WHERE email LIKE '%@test.%')
GROUP BY dt, city
WITH TOTALS
HAVING users > 10
ORDER BY dt DESC, users DESC
LIMIT 20 BY dt
FORMAT JSON
;;;
.dt <- prod.events.dt IDENTITY plain
.city <- geo.cities.name IDENTITY plain
.city <- prod.events.city_id CONDITIONAL
* <- geo.cities.name GROUP_BY
.users <- prod.events.user_id AGGREGATION aggregated
.buyers <- prod.events.user_id AGGREGATION aggregated
.buyers <- prod.events.event CONDITIONAL
.conversion <- prod.events.user_id AGGREGATION aggregated
.conversion <- prod.events.event CONDITIONAL
.durations <- prod.events.props AGGREGATION aggregated @duration
.top_sources <- prod.events.props AGGREGATION plain @utm.source
.last_view <- prod.events.event_time AGGREGATION plain
.last_view <- prod.events.event CONDITIONAL
* <- prod.events.dt FILTER
* <- prod.events.user_id FILTER
* <- prod.users.user_id FILTER
* <- prod.users.email FILTER
* <- prod.events.dt GROUP_BY
* <- prod.events.city_id GROUP_BY
* <- prod.events.dt SORT
* <- prod.events.user_id SORT
===
-- case: kafka to merge tree pipeline
-- dialect: clickhouse
CREATE TABLE queue.raw (message String) ENGINE = Kafka('k:9092', 'topic', 'g', 'JSONAsString');
CREATE TABLE ods.orders (id UInt64, email String, total Decimal(10, 2), at DateTime) ENGINE = ReplacingMergeTree(at) ORDER BY id PARTITION BY toYYYYMM(at);
CREATE MATERIALIZED VIEW ods.orders_mv TO ods.orders AS
SELECT
    JSONExtractUInt(message, 'id') AS id,
    lower(JSONExtractString(message, 'customer', 'email')) AS email,
    toDecimal64(JSONExtractString(message, 'total'), 2) AS total,
    parseDateTimeBestEffort(JSONExtractString(message, 'at')) AS at
FROM queue.raw
WHERE JSONHas(message, 'id');
;;;
ods.orders.id <- queue.raw.message TRANSFORMATION plain @id
ods.orders.email <- queue.raw.message TRANSFORMATION plain @customer.email
ods.orders.total <- queue.raw.message TRANSFORMATION plain @total
ods.orders.at <- queue.raw.message TRANSFORMATION plain @at
ods.orders <- queue.raw.message FILTER
===
-- case: tuple elements and nested
-- dialect: clickhouse
-- schema: n(id, attrs Nested(k String, v String), t Tuple(a UInt8, b String))
SELECT id, attrs.k AS keys, t.a AS a, t.2 AS b FROM n
;;;
.id <- n.id IDENTITY plain
.keys <- n.attrs.k IDENTITY plain
.a <- n.t.a IDENTITY plain
.b <- n.t TRANSFORMATION plain
===
-- case: insert select with union and settings
-- dialect: clickhouse
-- schema: all_hits(site, n)
INSERT INTO all_hits SELECT site, count(id) FROM hits_a GROUP BY site UNION ALL SELECT host, sum(cnt) FROM hits_b WHERE cnt > 0 GROUP BY host
;;;
all_hits.site <- hits_a.site IDENTITY plain
all_hits.site <- hits_b.host IDENTITY plain
all_hits.n <- hits_a.id AGGREGATION aggregated
all_hits.n <- hits_b.cnt AGGREGATION aggregated
all_hits <- hits_a.site GROUP_BY
all_hits <- hits_b.cnt FILTER
all_hits <- hits_b.host GROUP_BY
===
-- case: asof join and array functions
-- dialect: clickhouse
SELECT t.sym, q.bid, arrayMap(x -> x * t.qty, t.fills) AS scaled, arrayFilter(x -> x > 0, t.fills) AS positive
FROM trades AS t ASOF LEFT JOIN quotes AS q ON t.sym = q.sym AND t.ts >= q.ts
;;;
.sym <- trades.sym IDENTITY plain
.bid <- quotes.bid IDENTITY plain
.scaled <- trades.fills TRANSFORMATION plain
.scaled <- trades.qty TRANSFORMATION plain
.positive <- trades.fills TRANSFORMATION plain
* <- trades.sym JOIN
* <- quotes.sym JOIN
* <- trades.ts JOIN
* <- quotes.ts JOIN
