SELECT
  o.id AS order_id,
  o.user_id,
  o.amount * COALESCE(r.rate, 1) AS amount_eur,
  PARSE_JSON(o.payload):device.ip::string AS ip,
  o.created_at::date AS day
FROM shop.raw.orders AS o
LEFT JOIN shop.raw.rates AS r
  ON r.currency = o.currency AND r.day = o.created_at::date
WHERE o.status <> 'cancelled'
