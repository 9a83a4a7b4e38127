SELECT o.day, c.country, c.tier, SUM(o.amount_eur) AS revenue, AVG(b.articles) AS articles
FROM shop.staging.orders AS o
JOIN shop.mart.customers AS c ON c.user_id = o.user_id
LEFT JOIN shop.staging.baskets AS b ON b.order_id = o.order_id
GROUP BY ALL
