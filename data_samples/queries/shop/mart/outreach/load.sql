-- A nightly script: the temporary table does not outlive it.
CREATE TEMPORARY TABLE lapsed AS
SELECT c.user_id, u.email AS address, c.tier
FROM shop.mart.customers AS c JOIN shop.staging.users AS u USING (user_id)
WHERE c.days_silent > 90;

MERGE INTO shop.mart.outreach AS t
USING lapsed AS s ON s.user_id = t.user_id
WHEN MATCHED THEN UPDATE SET t.address = s.address, t.tier = s.tier
WHEN NOT MATCHED THEN INSERT (user_id, address, tier) VALUES (s.user_id, s.address, s.tier);
