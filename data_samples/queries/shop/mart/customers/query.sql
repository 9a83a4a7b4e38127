WITH spent AS (
  SELECT user_id, COUNT(*) AS orders, SUM(amount_eur) AS revenue, MAX(day) AS last_day
  FROM shop.staging.orders
  GROUP BY user_id
)
SELECT
  u.user_id,
  SHA2(u.email, 256) AS email_hash,
  u.country,
  s.orders,
  s.revenue,
  CASE WHEN s.revenue > 1000 THEN 'gold' WHEN s.orders > 3 THEN 'silver' ELSE 'new' END AS tier,
  DATEDIFF('day', s.last_day, CURRENT_DATE) AS days_silent
FROM shop.staging.users AS u
LEFT JOIN spent AS s USING (user_id)
