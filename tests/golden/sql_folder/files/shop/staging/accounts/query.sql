SELECT *, LOWER(email) AS mail
FROM raw.users
WHERE id > 0
