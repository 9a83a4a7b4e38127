SELECT
  id AS user_id,
  LOWER(TRIM(email)) AS email,
  full_name,
  REGEXP_REPLACE(phone, '[^0-9+]', '') AS phone,
  UPPER(country) AS country,
  created_at
FROM shop.raw.users
QUALIFY ROW_NUMBER() OVER (PARTITION BY id ORDER BY created_at DESC) = 1
