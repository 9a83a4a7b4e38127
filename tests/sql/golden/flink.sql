-- case: tumbling window table function
-- dialect: flink
INSERT INTO sink_table
SELECT window_start, window_end, item, SUM(price) AS total
FROM TABLE(TUMBLE(TABLE Bid, DESCRIPTOR(bidtime), INTERVAL '10' MINUTES))
GROUP BY window_start, window_end, item
;;;
sink_table.window_start <- bid.bidtime TRANSFORMATION plain
sink_table.window_end <- bid.bidtime TRANSFORMATION plain
sink_table.item <- bid.item IDENTITY plain
sink_table.total <- bid.price AGGREGATION aggregated
sink_table <- bid.bidtime GROUP_BY
sink_table <- bid.item GROUP_BY
===
-- case: lookup join with processing time
-- dialect: flink
INSERT INTO enriched (order_id, rate)
SELECT o.order_id, r.rate FROM orders AS o JOIN rates FOR SYSTEM_TIME AS OF o.proc_time AS r ON o.currency = r.currency
;;;
enriched.order_id <- orders.order_id IDENTITY plain
enriched.rate <- rates.rate IDENTITY plain
enriched <- orders.currency JOIN
enriched <- rates.currency JOIN
===
-- case: source with watermark and metadata columns
-- dialect: flink
CREATE TABLE orders (
  id BIGINT,
  amount DECIMAL(10, 2),
  ts AS TO_TIMESTAMP(raw_ts),
  raw_ts STRING,
  part INT METADATA FROM 'partition' VIRTUAL,
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND,
  PRIMARY KEY (id) NOT ENFORCED
) WITH ('connector' = 'kafka', 'topic' = 'orders', 'format' = 'json');
INSERT INTO big_orders SELECT id, amount FROM orders WHERE amount > 100;
;;;
orders.ts <- orders.raw_ts TRANSFORMATION plain
big_orders.id <- orders.id IDENTITY plain
big_orders.amount <- orders.amount IDENTITY plain
big_orders <- orders.amount FILTER
===
-- case: statement set
-- dialect: flink
EXECUTE STATEMENT SET
BEGIN
INSERT INTO s1 SELECT id, name FROM src WHERE kind = 'a';
INSERT INTO s2 SELECT id, COUNT(name) AS n FROM src GROUP BY id;
END;
;;;
s1.id <- src.id IDENTITY plain
s1.name <- src.name IDENTITY plain
s1 <- src.kind FILTER
s2.id <- src.id IDENTITY plain
s2.n <- src.name AGGREGATION aggregated
s2 <- src.id GROUP_BY
===
-- case: CROSS JOIN UNNEST
-- dialect: flink
SELECT o.id, t.tag FROM orders AS o CROSS JOIN UNNEST(o.tags) AS t (tag)
;;;
.id <- orders.id IDENTITY plain
.tag <- orders.tags TRANSFORMATION plain
===
-- case: lateral table function
-- dialect: flink
SELECT o.id, t.word, t.len FROM orders AS o, LATERAL TABLE(SplitFunction(o.note)) AS t(word, len)
;;;
.id <- orders.id IDENTITY plain
.word <- orders.note TRANSFORMATION unknown
.len <- orders.note TRANSFORMATION unknown
===
-- case: Top-N per group
-- dialect: flink
INSERT INTO top_products
SELECT id, category, sales FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY category ORDER BY sales DESC) AS row_num FROM shop_sales
) WHERE row_num <= 5
;;;
top_products.id <- shop_sales.id IDENTITY plain
top_products.category <- shop_sales.category IDENTITY plain
top_products.sales <- shop_sales.sales IDENTITY plain
top_products <- shop_sales.category FILTER
top_products <- shop_sales.sales FILTER
===
-- case: MATCH_RECOGNIZE in Flink
-- dialect: flink
SELECT T.aid, T.cid FROM events MATCH_RECOGNIZE (
  PARTITION BY userid ORDER BY proctime
  MEASURES A.id AS aid, C.id AS cid
  PATTERN (A B C)
  DEFINE A AS name = 'a', B AS name = 'b', C AS name = 'c'
) AS T
;;;
.aid <- events.id IDENTITY plain
.cid <- events.id IDENTITY plain
* <- events.name FILTER
* <- events.userid GROUP_BY
* <- events.proctime SORT
===
-- case: grouped window of the legacy syntax
-- dialect: flink
INSERT INTO out_t
SELECT TUMBLE_START(ts, INTERVAL '1' HOUR) AS h, user_id, COUNT(DISTINCT url) AS urls FROM clicks
GROUP BY TUMBLE(ts, INTERVAL '1' HOUR), user_id
;;;
out_t.h <- clicks.ts TRANSFORMATION plain
out_t.user_id <- clicks.user_id IDENTITY plain
out_t.urls <- clicks.url AGGREGATION aggregated
out_t <- clicks.ts GROUP_BY
out_t <- clicks.user_id GROUP_BY
===
-- case: dynamic table options hint
-- dialect: flink
INSERT INTO sink SELECT id FROM kafka_table1 /*+ OPTIONS('scan.startup.mode'='earliest-offset') */
;;;
sink.id <- kafka_table1.id IDENTITY plain
===
-- case: temporary view, then an insert
-- dialect: flink
CREATE TEMPORARY VIEW v AS SELECT id, UPPER(name) AS name FROM src;
INSERT INTO dst SELECT name, id FROM v;
;;;
dst.name <- src.name TRANSFORMATION plain
dst.id <- src.id IDENTITY plain
inputs: src
outputs: dst
===
