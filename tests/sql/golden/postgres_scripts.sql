-- case: do block
-- dialect: postgres
DO $$
DECLARE
  r record;
BEGIN
  CREATE TEMP TABLE hot AS SELECT sku, sum(qty) AS qty FROM sales WHERE sold_at > now() - interval '7 days' GROUP BY sku;
  FOR r IN SELECT sku FROM hot LOOP
    RAISE NOTICE 'sku %', r.sku;
  END LOOP;
  INSERT INTO shop.hot_items (sku, qty) SELECT sku, qty FROM hot WHERE qty > 100;
END $$;
;;;
shop.hot_items.sku <- sales.sku IDENTITY plain
shop.hot_items.qty <- sales.qty AGGREGATION aggregated
shop.hot_items <- sales.sold_at FILTER
shop.hot_items <- sales.sku GROUP_BY
shop.hot_items <- sales.qty FILTER
outputs: shop.hot_items
===
-- case: function that refreshes a mart
-- dialect: postgres
-- schema: mart.kpi(day, signups, revenue); app.users(id, created_at); app.payments(user_id, cents, paid_at, refunded)
CREATE OR REPLACE FUNCTION mart.refresh_kpi(p_day date) RETURNS void
LANGUAGE plpgsql AS $body$
BEGIN
  DELETE FROM mart.kpi WHERE day = p_day;

  INSERT INTO mart.kpi
  SELECT p_day,
         count(DISTINCT u.id),
         coalesce(sum(p.cents) FILTER (WHERE NOT p.refunded), 0) / 100.0
  FROM app.users u
  LEFT JOIN app.payments p ON p.user_id = u.id AND p.paid_at::date = p_day
  WHERE u.created_at::date <= p_day;
END;
$body$;
;;;
mart.kpi <- mart.kpi.day FILTER
mart.kpi.signups <- app.users.id AGGREGATION aggregated
mart.kpi.revenue <- app.payments.cents AGGREGATION aggregated
mart.kpi.revenue <- app.payments.cents CONDITIONAL
mart.kpi.revenue <- app.payments.refunded CONDITIONAL
mart.kpi <- app.payments.user_id JOIN
mart.kpi <- app.users.id JOIN
mart.kpi <- app.payments.paid_at JOIN
mart.kpi <- app.users.created_at FILTER
outputs: mart.kpi
===
-- case: create table as with a writing cte chain
-- dialect: postgres
WITH expired AS (
  UPDATE subs SET state = 'expired' WHERE ends_at < now() AND state = 'active' RETURNING user_id, plan
), counted AS (
  SELECT plan, count(user_id) AS n FROM expired GROUP BY plan
)
INSERT INTO stats.expiries (plan, n) SELECT plan, n FROM counted
;;;
subs <- subs.ends_at FILTER
subs <- subs.state FILTER
stats.expiries.plan <- subs.plan IDENTITY plain
stats.expiries.n <- subs.user_id AGGREGATION aggregated
stats.expiries <- subs.plan GROUP_BY
stats.expiries <- subs.ends_at FILTER
stats.expiries <- subs.state FILTER
outputs: subs, stats.expiries
===
-- case: temp view between
-- dialect: postgres
CREATE TEMP VIEW recent AS SELECT * FROM events WHERE at > now() - interval '1 day';
SELECT kind, count(id) AS n FROM recent GROUP BY kind;
;;;
.kind <- events.kind IDENTITY plain
.n <- events.id AGGREGATION aggregated
* <- events.at FILTER
* <- events.kind GROUP_BY
===
-- case: a permanent table stays a step
-- dialect: postgres
CREATE TABLE mid AS SELECT id, amount * 2 AS twice FROM src;
CREATE TABLE fin AS SELECT id, twice + 1 AS more FROM mid;
;;;
mid.id <- src.id IDENTITY plain
mid.twice <- src.amount TRANSFORMATION plain
fin.id <- mid.id IDENTITY plain
fin.more <- mid.twice TRANSFORMATION plain
inputs: src
outputs: mid, fin
===
-- case: a temp table that is filled twice
-- dialect: postgres
CREATE TEMP TABLE both_sides AS SELECT id, name FROM left_side;
INSERT INTO both_sides SELECT id, title FROM right_side WHERE ok;
CREATE TABLE merged AS SELECT id, upper(name) AS name FROM both_sides;
;;;
merged.id <- left_side.id IDENTITY plain
merged.id <- right_side.id IDENTITY plain
merged.name <- left_side.name TRANSFORMATION plain
merged.name <- right_side.title TRANSFORMATION plain
merged <- right_side.ok FILTER
inputs: left_side, right_side
outputs: merged
===
-- case: a temp name used again for something else
-- dialect: postgres
CREATE TEMP TABLE tmp AS SELECT a FROM one;
INSERT INTO out1 SELECT a FROM tmp;
DROP TABLE tmp;
CREATE TEMP TABLE tmp AS SELECT b AS a FROM two;
INSERT INTO out2 SELECT a FROM tmp;
;;;
out1.a <- one.a IDENTITY plain
out2.a <- two.b IDENTITY plain
outputs: out1, out2
===
-- case: one statement is broken and the rest is read
-- dialect: postgres
-- problems: 1
INSERT INTO a (x) SELECT y FROM b;
INSERT INTO c (x SELECT FROM WHERE;
INSERT INTO d (x) SELECT z FROM e WHERE w;
;;;
a.x <- b.y IDENTITY plain
d.x <- e.z IDENTITY plain
d <- e.w FILTER
outputs: a, c, d
===
-- case: grants comments settings vacuum
-- dialect: postgres
SET search_path TO mart, public;
GRANT SELECT ON users TO analyst;
COMMENT ON TABLE users IS 'people; all of them';
VACUUM (ANALYZE) users;
EXPLAIN SELECT 1;
SELECT id FROM users;
;;;
.id <- mart.users.id IDENTITY plain
===
-- case: insert only columns known by a create
-- dialect: postgres
CREATE TABLE t (id bigint GENERATED ALWAYS AS IDENTITY, email text, CONSTRAINT pk PRIMARY KEY (id), UNIQUE (email));
INSERT INTO t (email) SELECT lower(mail) FROM people;
SELECT * FROM t;
;;;
t.email <- people.mail TRANSFORMATION plain
.id <- t.id IDENTITY plain
.email <- t.email IDENTITY plain
===
-- case: anonymised copy for testers
-- dialect: postgres
-- schema: prod.person(id, first_name, last_name, email, iban, dob, postcode, notes, created_at); prod.orders(id, person_id, total, ip, placed_at)
BEGIN;
CREATE SCHEMA IF NOT EXISTS anon_copy;
DROP TABLE IF EXISTS anon_copy.person, anon_copy.orders;

CREATE TABLE anon_copy.person AS
SELECT
    id,
    'User ' || id::text                                        AS first_name,
    left(last_name, 1) || repeat('*', length(last_name) - 1)   AS last_name,
    md5(email) || '@example.com'                               AS email,
    anon.partial(iban, 2, '****', 2)                           AS iban,
    date_trunc('year', dob)::date                              AS dob,
    overlay(postcode placing 'XX' from 5 for 2)                AS postcode,
    NULL::text                                                 AS notes,
    width_bucket(extract(epoch from now() - created_at), 0, 1e9, 10) AS age_bucket
FROM prod.person
WHERE NOT EXISTS (SELECT 1 FROM prod.orders o WHERE o.person_id = person.id AND o.total > 10000);

CREATE TABLE anon_copy.orders AS
SELECT o.id, o.person_id, round(o.total, -1) AS total, host(set_masklen(o.ip, 16)) AS net, p.dob AS person_dob
FROM prod.orders o
JOIN anon_copy.person p ON p.id = o.person_id
WHERE o.placed_at >= '2024-01-01';
COMMIT;
;;;
anon_copy.person.id <- prod.person.id IDENTITY plain
anon_copy.person.first_name <- prod.person.id TRANSFORMATION plain
anon_copy.person.last_name <- prod.person.last_name TRANSFORMATION plain
anon_copy.person.email <- prod.person.email TRANSFORMATION pseudonymised
anon_copy.person.iban <- prod.person.iban TRANSFORMATION redacted
anon_copy.person.dob <- prod.person.dob TRANSFORMATION plain
anon_copy.person.postcode <- prod.person.postcode TRANSFORMATION plain
anon_copy.person.age_bucket <- prod.person.created_at TRANSFORMATION derived
anon_copy.person <- prod.orders.person_id FILTER
anon_copy.person <- prod.person.id FILTER
anon_copy.person <- prod.orders.total FILTER
anon_copy.orders.id <- prod.orders.id IDENTITY plain
anon_copy.orders.person_id <- prod.orders.person_id IDENTITY plain
anon_copy.orders.total <- prod.orders.total TRANSFORMATION plain
anon_copy.orders.net <- prod.orders.ip TRANSFORMATION plain
anon_copy.orders.person_dob <- anon_copy.person.dob IDENTITY plain
anon_copy.orders <- anon_copy.person.id JOIN
anon_copy.orders <- prod.orders.person_id JOIN
anon_copy.orders <- prod.orders.placed_at FILTER
outputs: anon_copy.person, anon_copy.orders
===
-- case: variables of a function
-- dialect: postgres
CREATE FUNCTION f(p int) RETURNS void AS $$
DECLARE
  v int;
  r record;
BEGIN
  SELECT max(sal) INTO v FROM emp WHERE dept = p;
  FOR r IN SELECT id, lower(mail) AS mail FROM people LOOP
    INSERT INTO t (id, mail, sal, p) VALUES (r.id, r.mail, v, p);
  END LOOP;
END $$ LANGUAGE plpgsql;
;;;
t.id <- people.id IDENTITY plain
t.mail <- people.mail TRANSFORMATION plain
t.sal <- emp.sal AGGREGATION plain
t <- emp.dept FILTER
===
