-- Two branches by position: the second lets the plain address through.
SELECT user_id, SHA2(email, 256) AS contact, 'hash' AS kind FROM shop.staging.users
UNION ALL
SELECT user_id, phone, 'phone' FROM shop.staging.users WHERE country = 'DE'
