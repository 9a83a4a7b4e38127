SELECT order_id, SUM(quantity * price) AS basket, COUNT(DISTINCT sku) AS articles
FROM shop.raw.order_lines
GROUP BY order_id
