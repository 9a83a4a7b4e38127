-- case: multi-insert FROM first
-- dialect: hive
FROM raw.events e
INSERT OVERWRITE TABLE mart.clicks PARTITION (ds = '2024-01-01')
  SELECT e.user_id, e.url WHERE e.kind = 'click'
INSERT INTO TABLE mart.views
  SELECT e.user_id, count(1) AS n WHERE e.kind = 'view' GROUP BY e.user_id
;;;
mart.clicks.user_id <- raw.events.user_id IDENTITY plain
mart.clicks.url <- raw.events.url IDENTITY plain
mart.clicks <- raw.events.kind FILTER
mart.views.user_id <- raw.events.user_id IDENTITY plain
mart.views <- raw.events.kind FILTER
mart.views <- raw.events.user_id GROUP_BY
outputs: mart.clicks, mart.views
===
-- case: dynamic partition comes last
-- dialect: hive
-- schema: mart.daily(user_id, n, ds)
INSERT OVERWRITE TABLE mart.daily PARTITION (ds)
SELECT uid, cnt, day FROM raw.counts
;;;
mart.daily.user_id <- raw.counts.uid IDENTITY plain
mart.daily.n <- raw.counts.cnt IDENTITY plain
mart.daily.ds <- raw.counts.day IDENTITY plain
===
-- case: static partition is not filled by the query
-- dialect: hive
-- schema: mart.daily(user_id, n, ds)
INSERT OVERWRITE TABLE mart.daily PARTITION (ds = '2024-01-01') SELECT uid, cnt FROM raw.counts
;;;
mart.daily.user_id <- raw.counts.uid IDENTITY plain
mart.daily.n <- raw.counts.cnt IDENTITY plain
===
-- case: DISTRIBUTE BY and SORT BY
-- dialect: hive
SELECT id, ts FROM raw.t DISTRIBUTE BY id SORT BY ts DESC
;;;
.id <- raw.t.id IDENTITY plain
.ts <- raw.t.ts IDENTITY plain
* <- raw.t.id SORT
* <- raw.t.ts SORT
===
-- case: LOAD DATA INPATH
-- dialect: hive
-- schema: raw.users(id, email)
LOAD DATA INPATH 'hdfs://nn/in/users' OVERWRITE INTO TABLE raw.users PARTITION (ds = '2024-01-01')
;;;
raw.users.id <- hdfs://nn/in/users.id IDENTITY plain
raw.users.email <- hdfs://nn/in/users.email IDENTITY plain
===
-- case: external table over a location
-- dialect: hive
CREATE EXTERNAL TABLE IF NOT EXISTS raw.logs (ts STRING, line STRING) PARTITIONED BY (ds STRING)
ROW FORMAT DELIMITED FIELDS TERMINATED BY '\t' STORED AS TEXTFILE LOCATION 's3a://logs/raw/'
;;;
raw.logs.ts <- s3a://logs/raw/.ts IDENTITY plain
raw.logs.line <- s3a://logs/raw/.line IDENTITY plain
raw.logs.ds <- s3a://logs/raw/.ds IDENTITY plain
===
-- case: implicit join and regex extraction
-- dialect: hive
SELECT a.id, regexp_extract(b.line, '(\\d+)', 1) AS code, from_unixtime(a.ts) AS at
FROM a, b WHERE a.id = b.id AND a.ds = '${hiveconf:ds}'
;;;
.id <- a.id IDENTITY plain
.code <- b.line TRANSFORMATION plain
.at <- a.ts TRANSFORMATION plain
* <- a.id FILTER
* <- b.id FILTER
* <- a.ds FILTER
===
-- case: LATERAL VIEW over parse_url_tuple
-- dialect: hive
SELECT t.id, u.host, u.path FROM raw.clicks t LATERAL VIEW parse_url_tuple(t.url, 'HOST', 'PATH') u AS host, path
;;;
.id <- raw.clicks.id IDENTITY plain
.host <- raw.clicks.url TRANSFORMATION plain
.path <- raw.clicks.url TRANSFORMATION plain
===
-- case: CTAS and view with column comments
-- dialect: hive
CREATE VIEW IF NOT EXISTS mart.v (uid COMMENT 'the user', n COMMENT 'count') AS SELECT user_id, count(*) FROM raw.t GROUP BY user_id
;;;
mart.v.uid <- raw.t.user_id IDENTITY plain
mart.v.n <- raw.t.* AGGREGATION aggregated
mart.v <- raw.t.user_id GROUP_BY
===
-- case: export directory
-- dialect: hive
INSERT OVERWRITE LOCAL DIRECTORY '/tmp/out' ROW FORMAT DELIMITED FIELDS TERMINATED BY ',' SELECT id, name FROM raw.t
;;;
/tmp/out.id <- raw.t.id IDENTITY plain
/tmp/out.name <- raw.t.name IDENTITY plain
===
-- case: UNION ALL in a subquery and collect_set
-- dialect: hive
SELECT id, collect_set(src) AS sources, max(named_struct('ts', ts, 'v', v)).v AS latest FROM (
  SELECT id, 'a' AS src, ts, v FROM a UNION ALL SELECT uid, 'b' AS src, t, w FROM b
) u GROUP BY id
;;;
.id <- a.id IDENTITY plain
.id <- b.uid IDENTITY plain
.latest <- a.v AGGREGATION plain
.latest <- b.w AGGREGATION plain
* <- a.id GROUP_BY
* <- b.uid GROUP_BY
===
