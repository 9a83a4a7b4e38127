-- case: multi-table update
-- dialect: mysql
UPDATE orders o
JOIN customers c ON c.id = o.customer_id
SET o.region = c.region, o.discount = IF(c.vip, 0.1, o.discount)
WHERE o.status = 'new'
;;;
orders.region <- customers.region IDENTITY plain
orders.discount <- customers.vip CONDITIONAL
orders.discount <- orders.discount TRANSFORMATION plain
orders <- customers.id JOIN
orders <- orders.customer_id JOIN
orders <- orders.status FILTER
outputs: orders
===
-- case: update that writes two tables
-- dialect: mysql
UPDATE items i, stock s
SET i.reserved = i.reserved + s.qty, s.qty = 0
WHERE i.id = s.item_id AND s.expired = 1
;;;
items.reserved <- items.reserved TRANSFORMATION plain
items.reserved <- stock.qty TRANSFORMATION plain
items <- items.id FILTER
items <- stock.item_id FILTER
items <- stock.expired FILTER
stock <- items.id FILTER
stock <- stock.item_id FILTER
stock <- stock.expired FILTER
outputs: items, stock
===
-- case: multi-table delete
-- dialect: mysql
DELETE o, l
FROM orders o
JOIN order_lines l ON l.order_id = o.id
WHERE o.created_at < '2015-01-01'
;;;
orders <- order_lines.order_id JOIN
orders <- orders.id JOIN
orders <- orders.created_at FILTER
order_lines <- order_lines.order_id JOIN
order_lines <- orders.id JOIN
order_lines <- orders.created_at FILTER
outputs: orders, order_lines
===
-- case: delete from using
-- dialect: mysql
DELETE FROM o USING orders AS o INNER JOIN customers AS c WHERE o.customer_id = c.id AND c.banned
;;;
orders <- orders.customer_id FILTER
orders <- customers.id FILTER
orders <- customers.banned FILTER
outputs: orders
===
-- case: replace into
-- dialect: mysql
-- schema: mart.stats(day, hits, users)
REPLACE INTO mart.stats
SELECT DATE(ts), COUNT(*), COUNT(DISTINCT user_id) FROM hits GROUP BY DATE(ts)
;;;
mart.stats.day <- hits.ts TRANSFORMATION plain
mart.stats.hits <- hits.* AGGREGATION aggregated
mart.stats.users <- hits.user_id AGGREGATION aggregated
mart.stats <- hits.ts GROUP_BY
outputs: mart.stats
===
-- case: on duplicate key
-- dialect: mysql
INSERT INTO counters (page, hits, last_at)
SELECT l.page, COUNT(l.id), MAX(l.at) FROM page_log l GROUP BY l.page
ON DUPLICATE KEY UPDATE hits = counters.hits + VALUES(hits), last_at = VALUES(last_at)
;;;
counters.page <- page_log.page IDENTITY plain
counters.hits <- page_log.id AGGREGATION aggregated
counters.hits <- counters.hits TRANSFORMATION plain
counters.last_at <- page_log.at AGGREGATION plain
counters <- page_log.page GROUP_BY
===
-- case: group_concat and json arrow
-- dialect: mysql
SELECT o.id,
       GROUP_CONCAT(DISTINCT t.name ORDER BY t.pos SEPARATOR '|') AS tags,
       o.doc->>'$.ship.city' AS city,
       JSON_UNQUOTE(JSON_EXTRACT(o.doc, '$.ship.zip')) AS zip
FROM orders o LEFT JOIN tags t ON t.order_id = o.id
GROUP BY o.id
;;;
.id <- orders.id IDENTITY plain
.tags <- tags.name AGGREGATION plain
.tags <- tags.pos WINDOW
.city <- orders.doc TRANSFORMATION plain @ship.city
.zip <- orders.doc TRANSFORMATION plain @ship.zip
* <- tags.order_id JOIN
* <- orders.id JOIN
* <- orders.id GROUP_BY
===
-- case: user variables as running numbers
-- dialect: mysql
SELECT @n := @n + 1 AS pos, name FROM players, (SELECT @n := 0) init ORDER BY score DESC
;;;
.name <- players.name IDENTITY plain
* <- players.score SORT
===
-- case: json_table
-- dialect: mysql
SELECT o.id, j.sku, j.qty
FROM orders o
JOIN JSON_TABLE(o.doc, '$.lines[*]' COLUMNS (sku VARCHAR(20) PATH '$.sku', qty INT PATH '$.qty')) AS j
;;;
.id <- orders.id IDENTITY plain
.sku <- orders.doc TRANSFORMATION plain @lines.sku
.qty <- orders.doc TRANSFORMATION plain @lines.qty
===
-- case: straight_join force index limit offset
-- dialect: mysql
SELECT SQL_NO_CACHE a.id, b.v FROM a FORCE INDEX (ix) STRAIGHT_JOIN b ON b.a_id = a.id WHERE a.k REGEXP '^x' LIMIT 10, 20
;;;
.id <- a.id IDENTITY plain
.v <- b.v IDENTITY plain
* <- b.a_id JOIN
* <- a.id JOIN
* <- a.k FILTER
===
-- case: load data
-- dialect: mysql
LOAD DATA LOCAL INFILE '/in/people.csv' INTO TABLE stage.people FIELDS TERMINATED BY ',' IGNORE 1 LINES (id, name)
;;;
stage.people.id <- /in/people.csv.id IDENTITY plain
stage.people.name <- /in/people.csv.name IDENTITY plain
inputs: /in/people.csv
outputs: stage.people
===
-- case: into outfile
-- dialect: mysql
SELECT id, email INTO OUTFILE '/out/users.csv' FIELDS TERMINATED BY ',' FROM users WHERE optin = 1
;;;
/out/users.csv.id <- users.id IDENTITY plain
/out/users.csv.email <- users.email IDENTITY plain
/out/users.csv <- users.optin FILTER
outputs: /out/users.csv
===
-- case: atomic swap by rename
-- dialect: mysql
CREATE TABLE stats_new LIKE stats;
INSERT INTO stats_new (day, n) SELECT day, COUNT(id) FROM hits GROUP BY day;
RENAME TABLE stats TO stats_old, stats_new TO stats;
DROP TABLE stats_old;
;;;
stats.day <- hits.day IDENTITY plain
stats.n <- hits.id AGGREGATION aggregated
stats <- hits.day GROUP_BY
===
-- case: shop segmentation with temporary tables
-- dialect: mysql
-- schema: shop.orders(id, customer_id, total, state, created_at, coupon_code); shop.customers(id, email, firstname, lastname, birthday, group_id, newsletter); shop.order_items(order_id, sku, qty, price, category_id); shop.categories(id, name, parent_id); crm.segments(customer_id, email, full_name, age, orders_n, revenue, avg_basket, fav_category, rfm, updated_at)
DROP TEMPORARY TABLE IF EXISTS tmp_base;
CREATE TEMPORARY TABLE tmp_base (PRIMARY KEY (customer_id)) ENGINE=InnoDB AS
SELECT
  o.customer_id,
  COUNT(DISTINCT o.id)                     AS orders_n,
  SUM(o.total)                             AS revenue,
  ROUND(SUM(o.total) / COUNT(DISTINCT o.id), 2) AS avg_basket,
  MAX(o.created_at)                        AS last_at,
  DATEDIFF(CURDATE(), MAX(o.created_at))   AS recency
FROM shop.orders o
WHERE o.state NOT IN ('canceled', 'holded')
  AND o.created_at >= DATE_SUB(CURDATE(), INTERVAL 24 MONTH)
GROUP BY o.customer_id
HAVING revenue > 0;

DROP TEMPORARY TABLE IF EXISTS tmp_fav;
CREATE TEMPORARY TABLE tmp_fav
SELECT customer_id, name AS fav_category
FROM (
  SELECT o.customer_id, c.name,
         ROW_NUMBER() OVER (PARTITION BY o.customer_id ORDER BY SUM(i.qty) DESC, c.name) AS rn
  FROM shop.orders o
  JOIN shop.order_items i ON i.order_id = o.id
  JOIN shop.categories c ON c.id = i.category_id
  GROUP BY o.customer_id, c.name
) ranked
WHERE rn = 1;

REPLACE INTO crm.segments
SELECT
  cu.id,
  LOWER(TRIM(cu.email)),
  CONCAT_WS(' ', cu.firstname, cu.lastname),
  TIMESTAMPDIFF(YEAR, cu.birthday, CURDATE()),
  b.orders_n,
  b.revenue,
  b.avg_basket,
  IFNULL(f.fav_category, 'n/a'),
  CASE
    WHEN b.recency < 30 AND b.revenue > 500 THEN 'champion'
    WHEN b.recency < 90 THEN 'active'
    ELSE 'sleeping'
  END,
  NOW()
FROM tmp_base b
JOIN shop.customers cu ON cu.id = b.customer_id
LEFT JOIN tmp_fav f USING (customer_id)
WHERE cu.newsletter = 1;
;;;
crm.segments.customer_id <- shop.customers.id IDENTITY plain
crm.segments.email <- shop.customers.email TRANSFORMATION plain
crm.segments.full_name <- shop.customers.firstname TRANSFORMATION plain
crm.segments.full_name <- shop.customers.lastname TRANSFORMATION plain
crm.segments.age <- shop.customers.birthday TRANSFORMATION derived
crm.segments.orders_n <- shop.orders.id AGGREGATION aggregated
crm.segments.revenue <- shop.orders.total AGGREGATION aggregated
crm.segments.avg_basket <- shop.orders.total AGGREGATION aggregated
crm.segments.avg_basket <- shop.orders.id AGGREGATION aggregated
crm.segments.fav_category <- shop.categories.name TRANSFORMATION plain
crm.segments.fav_category <- shop.categories.name CONDITIONAL
crm.segments.rfm <- shop.orders.created_at CONDITIONAL
crm.segments.rfm <- shop.orders.total CONDITIONAL
crm.segments <- shop.orders.state FILTER
crm.segments <- shop.orders.created_at FILTER
crm.segments <- shop.orders.customer_id GROUP_BY
crm.segments <- shop.orders.total FILTER
crm.segments <- shop.order_items.order_id JOIN
crm.segments <- shop.orders.id JOIN
crm.segments <- shop.categories.id JOIN
crm.segments <- shop.order_items.category_id JOIN
crm.segments <- shop.categories.name GROUP_BY
crm.segments <- shop.orders.customer_id FILTER
crm.segments <- shop.order_items.qty FILTER
crm.segments <- shop.categories.name FILTER
crm.segments <- shop.customers.id JOIN
crm.segments <- shop.orders.customer_id JOIN
crm.segments <- shop.customers.newsletter FILTER
outputs: crm.segments
