-- case: stored procedure with a cursor
-- dialect: mysql
DELIMITER //
CREATE PROCEDURE refresh_totals(IN since DATE)
BEGIN
  DECLARE done INT DEFAULT 0;
  DECLARE cid BIGINT;
  DECLARE cur CURSOR FOR SELECT id FROM customers WHERE active = 1;
  DECLARE CONTINUE HANDLER FOR NOT FOUND SET done = 1;

  DELETE FROM totals WHERE day >= since;

  INSERT INTO totals (customer_id, day, amount)
  SELECT o.customer_id, DATE(o.created_at), SUM(o.amount)
  FROM orders o
  WHERE o.created_at >= since
  GROUP BY o.customer_id, DATE(o.created_at);
END //
DELIMITER ;
;;;
totals <- totals.day FILTER
totals.customer_id <- orders.customer_id IDENTITY plain
totals.day <- orders.created_at TRANSFORMATION plain
totals.amount <- orders.amount AGGREGATION aggregated
totals <- orders.created_at FILTER
totals <- orders.customer_id GROUP_BY
totals <- orders.created_at GROUP_BY
outputs: totals
===
-- case: insert ignore set
-- dialect: mysql
INSERT IGNORE INTO tags (name, norm) SELECT DISTINCT raw_tag, LOWER(TRIM(raw_tag)) FROM posts WHERE raw_tag <> ''
;;;
tags.name <- posts.raw_tag IDENTITY plain
tags.norm <- posts.raw_tag TRANSFORMATION plain
tags <- posts.raw_tag FILTER
tags <- posts.raw_tag GROUP_BY
===
-- case: update with a derived table
-- dialect: mysql
UPDATE products p
INNER JOIN (SELECT product_id, AVG(stars) AS stars, COUNT(*) AS n FROM reviews WHERE visible = 1 GROUP BY product_id) r
  ON r.product_id = p.id
LEFT JOIN brands b ON b.id = p.brand_id
SET p.rating = ROUND(r.stars, 1), p.search_text = CONCAT(p.title, ' ', COALESCE(b.name, ''))
WHERE p.deleted_at IS NULL
;;;
products.rating <- reviews.stars AGGREGATION aggregated
products.search_text <- products.title TRANSFORMATION plain
products.search_text <- brands.name TRANSFORMATION plain
products.search_text <- brands.name CONDITIONAL
products <- reviews.visible FILTER
products <- reviews.product_id GROUP_BY
products <- reviews.product_id JOIN
products <- products.id JOIN
products <- brands.id JOIN
products <- products.brand_id JOIN
products <- products.deleted_at FILTER
outputs: products
===
-- case: with rollup and having alias
-- dialect: mysql
SELECT region, city, SUM(amount) AS total FROM sales GROUP BY region, city WITH ROLLUP HAVING total > 100
;;;
.region <- sales.region IDENTITY plain
.city <- sales.city IDENTITY plain
.total <- sales.amount AGGREGATION aggregated
* <- sales.region GROUP_BY
* <- sales.city GROUP_BY
* <- sales.amount FILTER
===
-- case: case-insensitive names and backticks
-- dialect: mysql
SELECT `o`.`Id`, c.`E-Mail` AS mail FROM `Shop`.`Orders` AS `o` JOIN `Shop`.`Customers` c ON c.`Id` = `o`.`Customer Id`
;;;
.id <- shop.orders.id IDENTITY plain
.mail <- shop.customers.e-mail IDENTITY plain
* <- shop.customers.id JOIN
* <- shop.orders.customer id JOIN
===
-- case: create view with algorithm
-- dialect: mysql
CREATE ALGORITHM=MERGE DEFINER=`root`@`%` SQL SECURITY DEFINER VIEW v_users AS SELECT id, CONCAT(LEFT(email, 2), '***') AS masked FROM users
;;;
v_users.id <- users.id IDENTITY plain
v_users.masked <- users.email TRANSFORMATION plain
===
-- case: user variables
-- dialect: mysql
SET @m = (SELECT max(x) FROM t);
SELECT min(y), count(z) INTO @a, @b FROM u;
INSERT INTO w (m, a, b) SELECT @m, @a, @b;
;;;
w.m <- t.x AGGREGATION plain
w.a <- u.y AGGREGATION plain
w.b <- u.z AGGREGATION aggregated
===
-- case: user variable of the session
-- dialect: mysql
-- problems: 1
INSERT INTO w (m) SELECT @m
;;;
w.m <- .m TRANSFORMATION unknown
outputs: w
===
