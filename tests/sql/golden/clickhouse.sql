-- case: array join clause
-- dialect: clickhouse
-- schema: posts(id, tags, weights)
SELECT id, tag, w FROM posts ARRAY JOIN tags AS tag, weights AS w WHERE w > 1
;;;
.id <- posts.id IDENTITY plain
.tag <- posts.tags TRANSFORMATION plain
.w <- posts.weights TRANSFORMATION plain
* <- posts.weights FILTER
===
-- case: array join function
-- dialect: clickhouse
SELECT id, arrayJoin(tags) AS tag FROM posts
;;;
.id <- posts.id IDENTITY plain
.tag <- posts.tags TRANSFORMATION plain
===
-- case: final prewhere and limit by
-- dialect: clickhouse
SELECT user_id, url, ts FROM hits FINAL PREWHERE date = today() WHERE status = 200 ORDER BY ts DESC LIMIT 3 BY user_id
;;;
.user_id <- hits.user_id IDENTITY plain
.url <- hits.url IDENTITY plain
.ts <- hits.ts IDENTITY plain
* <- hits.date FILTER
* <- hits.status FILTER
* <- hits.ts SORT
* <- hits.user_id FILTER
===
-- case: aggregate combinators
-- dialect: clickhouse
SELECT site,
       countIf(status >= 500) AS errors,
       sumIf(bytes, cached) AS cached_bytes,
       argMax(url, ts) AS last_url,
       uniqExact(user_id) AS users,
       quantile(0.9)(latency) AS p90,
       groupArray(url) AS urls
FROM hits
GROUP BY site
;;;
.site <- hits.site IDENTITY plain
.errors <- hits.status AGGREGATION aggregated
.cached_bytes <- hits.bytes AGGREGATION aggregated
.cached_bytes <- hits.cached CONDITIONAL
.last_url <- hits.url AGGREGATION plain
.last_url <- hits.ts AGGREGATION derived
.users <- hits.user_id AGGREGATION aggregated
.p90 <- hits.latency AGGREGATION aggregated
.urls <- hits.url AGGREGATION plain
* <- hits.site GROUP_BY
===
-- case: alias used anywhere
-- dialect: clickhouse
-- schema: hits(ts, bytes, url)
SELECT toDate(ts) AS day, sum(bytes) / 1024 AS kb, kb / 1024 AS mb FROM hits WHERE day > '2024-01-01' GROUP BY day HAVING kb > 5
;;;
.day <- hits.ts TRANSFORMATION plain
.kb <- hits.bytes AGGREGATION aggregated
.mb <- hits.bytes AGGREGATION aggregated
* <- hits.ts FILTER
* <- hits.ts GROUP_BY
* <- hits.bytes FILTER
===
-- case: with expression as alias
-- dialect: clickhouse
WITH 1024 AS k, lower(email) AS mail SELECT mail, bytes / k AS kb FROM users
;;;
.mail <- users.email TRANSFORMATION plain
.kb <- users.bytes TRANSFORMATION plain
===
-- case: any left join using
-- dialect: clickhouse
SELECT h.url, u.name FROM hits h ANY LEFT JOIN users u USING (user_id)
;;;
.url <- hits.url IDENTITY plain
.name <- users.name IDENTITY plain
* <- hits.user_id JOIN
* <- users.user_id JOIN
===
-- case: global in and tuple
-- dialect: clickhouse
SELECT id FROM orders WHERE (a, b) GLOBAL IN (SELECT x, y FROM allowed)
;;;
.id <- orders.id IDENTITY plain
* <- orders.a FILTER
* <- orders.b FILTER
* <- allowed.x FILTER
* <- allowed.y FILTER
===
-- case: materialized view to a table
-- dialect: clickhouse
CREATE MATERIALIZED VIEW mv_daily TO mart.daily AS
SELECT toStartOfDay(ts) AS day, site, sumState(bytes) AS bytes FROM raw.hits GROUP BY day, site
;;;
mart.daily.day <- raw.hits.ts TRANSFORMATION plain
mart.daily.site <- raw.hits.site IDENTITY plain
mart.daily.bytes <- raw.hits.bytes AGGREGATION aggregated
mart.daily <- raw.hits.ts GROUP_BY
mart.daily <- raw.hits.site GROUP_BY
inputs: raw.hits
===
-- case: create table engine as select
-- dialect: clickhouse
CREATE TABLE mart.users ENGINE = MergeTree ORDER BY id AS SELECT id, cityHash64(email) AS email_key FROM raw.users
;;;
mart.users.id <- raw.users.id IDENTITY plain
mart.users.email_key <- raw.users.email TRANSFORMATION pseudonymised
===
-- case: insert select with s3 source
-- dialect: clickhouse
INSERT INTO raw.events (id, body) SELECT id, body FROM s3('https://b.s3.amazonaws.com/e/*.json.gz', 'JSONEachRow')
;;;
raw.events.id <- https://b.s3.amazonaws.com/e/*.json.gz.id IDENTITY plain
raw.events.body <- https://b.s3.amazonaws.com/e/*.json.gz.body IDENTITY plain
inputs: https://b.s3.amazonaws.com/e/*.json.gz
===
-- case: alter table update
-- dialect: clickhouse
ALTER TABLE users UPDATE email = lower(email), touched = 1 WHERE email != lower(email)
;;;
users.email <- users.email TRANSFORMATION plain
users <- users.email FILTER
outputs: users
===
-- case: alter table delete
-- dialect: clickhouse
ALTER TABLE users DELETE WHERE gone = 1
;;;
users <- users.gone FILTER
outputs: users
===
-- case: star except and apply and replace
-- dialect: clickhouse
-- schema: t(a, b, c)
SELECT * EXCEPT (c) REPLACE (a + 1 AS a) FROM t
;;;
.a <- t.a TRANSFORMATION plain
.b <- t.b IDENTITY plain
===
-- case: exchange tables
-- dialect: clickhouse
CREATE TABLE t_new AS t;
INSERT INTO t_new SELECT id, v FROM src;
EXCHANGE TABLES t AND t_new;
DROP TABLE t_new;
;;;
t.id <- src.id IDENTITY plain
t.v <- src.v IDENTITY plain
===
-- case: distributed sessions
-- dialect: clickhouse
-- schema: web.hits(ts DateTime, uid UInt64, url String, ref String, params Map(String), bytes UInt32, is_bot UInt8); web.users(uid, email, country)
INSERT INTO mart.sessions
WITH
    30 * 60 AS gap,
    sessions AS
    (
        SELECT
            uid,
            url,
            ref,
            ts,
            bytes,
            params['utm_source'] AS source,
            sum(if(dateDiff('second', lagInFrame(ts) OVER w, ts) > gap, 1, 0)) OVER w AS session_no
        FROM web.hits
        WHERE NOT is_bot
        WINDOW w AS (PARTITION BY uid ORDER BY ts ASC)
    )
SELECT
    s.uid AS user_id,
    s.session_no AS session_no,
    min(s.ts) AS started_at,
    count() AS pages,
    sum(s.bytes) AS bytes,
    argMin(s.url, s.ts) AS landing,
    anyIf(s.source, s.source != '') AS source,
    any(u.country) AS country,
    sipHash64(any(u.email)) AS email_key
FROM sessions AS s
LEFT JOIN web.users AS u ON u.uid = s.uid
GROUP BY user_id, session_no
HAVING pages > 1
SETTINGS max_threads = 8
;;;
mart.sessions.user_id <- web.hits.uid IDENTITY plain
mart.sessions.session_no <- web.hits.ts CONDITIONAL
mart.sessions.session_no <- web.hits.uid CONDITIONAL
mart.sessions.session_no <- web.hits.uid WINDOW
mart.sessions.session_no <- web.hits.ts WINDOW
mart.sessions.started_at <- web.hits.ts AGGREGATION plain
mart.sessions.bytes <- web.hits.bytes AGGREGATION aggregated
mart.sessions.landing <- web.hits.url AGGREGATION plain
mart.sessions.landing <- web.hits.ts AGGREGATION derived
mart.sessions.source <- web.hits.params AGGREGATION plain @utm_source
mart.sessions.source <- web.hits.params CONDITIONAL @utm_source
mart.sessions.country <- web.users.country AGGREGATION plain
mart.sessions.email_key <- web.users.email AGGREGATION pseudonymised
mart.sessions <- web.hits.is_bot FILTER
mart.sessions <- web.users.uid JOIN
mart.sessions <- web.hits.uid JOIN
mart.sessions <- web.hits.uid GROUP_BY
mart.sessions <- web.hits.ts GROUP_BY
inputs: web.hits, web.users
outputs: mart.sessions
===
-- case: dictionary looked up
-- dialect: clickhouse
SELECT dictGet('geo.cities', 'name', toUInt64(city_id)) AS city,
       dictGetStringOrDefault(geo.cities, 'land', tuple(city_id), fallback) AS land,
       dictHas('geo.cities', city_id) AS known
FROM v
;;;
.city <- geo.cities.name IDENTITY plain
.city <- v.city_id CONDITIONAL
.land <- geo.cities.land IDENTITY plain
.land <- v.fallback IDENTITY plain
.land <- v.city_id CONDITIONAL
.known <- v.city_id CONDITIONAL
inputs: v, geo.cities
===
-- case: several attributes of a dictionary, in a filter too
-- dialect: clickhouse
SELECT upper(tupleElement(dictGet('d', ('a', 'b'), k), 1)) AS x FROM v WHERE dictGet('d', 'ok', k) = 1
;;;
.x <- d.a TRANSFORMATION plain
.x <- d.b TRANSFORMATION plain
.x <- v.k CONDITIONAL
* <- d.ok FILTER
* <- v.k FILTER
===
