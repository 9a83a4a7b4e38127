-- case: hop window with named arguments and a window join
-- dialect: flink
INSERT INTO sink
SELECT l.window_start, l.user_id, r.cnt
FROM (SELECT * FROM TABLE(HOP(DATA => TABLE clicks, TIMECOL => DESCRIPTOR(ts), SLIDE => INTERVAL '5' MINUTES, SIZE => INTERVAL '10' MINUTES))) l
JOIN counts r ON l.user_id = r.user_id
;;;
sink.window_start <- clicks.ts TRANSFORMATION plain
sink.user_id <- clicks.user_id IDENTITY plain
sink.cnt <- counts.cnt IDENTITY plain
sink <- clicks.user_id JOIN
sink <- counts.user_id JOIN
===
-- case: deduplication keeps the first row
-- dialect: flink
CREATE TEMPORARY VIEW dedup AS
SELECT order_id, user_id, amount FROM (
  SELECT order_id, user_id, amount, ROW_NUMBER() OVER (PARTITION BY order_id ORDER BY proctime ASC) AS rn FROM orders
) WHERE rn = 1;
INSERT INTO totals SELECT user_id, SUM(amount) AS total FROM dedup GROUP BY user_id;
;;;
totals.user_id <- orders.user_id IDENTITY plain
totals.total <- orders.amount AGGREGATION aggregated
totals <- orders.order_id FILTER
totals <- orders.proctime FILTER
totals <- orders.user_id GROUP_BY
===
-- case: JSON functions and row fields
-- dialect: flink
SELECT JSON_VALUE(payload, '$.user.id') AS uid, r.address.city AS city, `data`.`name` AS name FROM src
;;;
.uid <- src.payload TRANSFORMATION plain @user.id
.city <- src.r.address.city IDENTITY plain
.name <- src.data.name IDENTITY plain
===
-- case: interval join in a known catalog
-- dialect: flink
-- default: default_catalog.default_database
INSERT INTO matched SELECT o.id, s.ship_time FROM Orders o, Shipments s
WHERE o.id = s.order_id AND o.order_time BETWEEN s.ship_time - INTERVAL '4' HOUR AND s.ship_time
;;;
default_catalog.default_database.matched.id <- default_catalog.default_database.Orders.id IDENTITY plain
default_catalog.default_database.matched.ship_time <- default_catalog.default_database.Shipments.ship_time IDENTITY plain
default_catalog.default_database.matched <- default_catalog.default_database.Orders.id FILTER
default_catalog.default_database.matched <- default_catalog.default_database.Shipments.order_id FILTER
default_catalog.default_database.matched <- default_catalog.default_database.Orders.order_time FILTER
default_catalog.default_database.matched <- default_catalog.default_database.Shipments.ship_time FILTER
===
-- case: statements that move no data
-- known: LIKE with options in brackets is not parsed; a problem says so
-- dialect: flink
-- problems: 1
SET 'execution.runtime-mode' = 'streaming';
ADD JAR '/x.jar';
CREATE CATALOG c WITH ('type' = 'hive');
USE CATALOG c;
CREATE FUNCTION f AS 'com.acme.F' LANGUAGE JAVA;
CREATE TABLE like_t WITH ('connector' = 'blackhole') LIKE src (EXCLUDING ALL);
;;;
outputs: like_t
===
-- case: aggregate with FILTER and a changelog primary key
-- dialect: flink
INSERT INTO stats SELECT day, COUNT(*) FILTER (WHERE flag IN ('a', 'b')) AS n, COUNT(DISTINCT user_id) FILTER (WHERE flag = 'c') AS users FROM T GROUP BY day
;;;
stats.day <- T.day IDENTITY plain
stats.n <- T.* AGGREGATION aggregated
stats.n <- T.flag CONDITIONAL
stats.users <- T.user_id AGGREGATION aggregated
stats.users <- T.flag CONDITIONAL
stats <- T.day GROUP_BY
===
