SELECT c.customer_id, o.address.city, SUM(o.amount) AS spent
FROM raw.orders AS o
JOIN mart.customers AS c ON c.customer_id = o.user_id
GROUP BY c.customer_id, o.address.city
