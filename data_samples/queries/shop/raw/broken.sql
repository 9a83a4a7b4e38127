-- Somebody's draft: it cannot be read, and the report says so.
SELECT id, FROM WHERE shop.raw.orders
