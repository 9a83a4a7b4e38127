-- case: upsert with excluded
-- dialect: postgres
-- schema: stage.prices(sku, price, seen_at); shop.prices(sku, price, seen_at, changes)
INSERT INTO shop.prices AS p (sku, price, seen_at, changes)
SELECT s.sku, s.price, max(s.seen_at), 0
FROM stage.prices s
GROUP BY s.sku, s.price
ON CONFLICT (sku) DO UPDATE
SET price = excluded.price,
    seen_at = greatest(p.seen_at, excluded.seen_at),
    changes = p.changes + 1
WHERE p.price IS DISTINCT FROM excluded.price
;;;
shop.prices.sku <- stage.prices.sku IDENTITY plain
shop.prices.price <- stage.prices.price IDENTITY plain
shop.prices.seen_at <- stage.prices.seen_at AGGREGATION plain
shop.prices.seen_at <- shop.prices.seen_at TRANSFORMATION plain
shop.prices.changes <- shop.prices.changes TRANSFORMATION plain
shop.prices <- stage.prices.sku GROUP_BY
shop.prices <- stage.prices.price GROUP_BY
shop.prices <- shop.prices.price FILTER
shop.prices <- stage.prices.price FILTER
===
-- case: update from two tables
-- dialect: postgres
UPDATE accounts a
SET balance = a.balance - t.total, owner_name = u.first_name || ' ' || u.last_name, touched_at = now()
FROM (SELECT account_id, sum(amount) AS total FROM transfers WHERE state = 'ok' GROUP BY account_id) t
JOIN users u ON u.account_id = t.account_id
WHERE a.id = t.account_id AND NOT a.frozen
;;;
accounts.balance <- accounts.balance TRANSFORMATION plain
accounts.balance <- transfers.amount AGGREGATION aggregated
accounts.owner_name <- users.first_name TRANSFORMATION plain
accounts.owner_name <- users.last_name TRANSFORMATION plain
accounts <- transfers.state FILTER
accounts <- transfers.account_id GROUP_BY
accounts <- users.account_id JOIN
accounts <- transfers.account_id JOIN
accounts <- accounts.id FILTER
accounts <- transfers.account_id FILTER
accounts <- accounts.frozen FILTER
outputs: accounts
===
-- case: update with row assignment from subquery
-- dialect: postgres
UPDATE employees e
SET (salary, grade) = (SELECT s.base * 1.1, s.grade FROM scales s WHERE s.code = e.scale_code)
WHERE e.dept = 'ops'
;;;
employees.salary <- scales.base TRANSFORMATION plain
employees.grade <- scales.grade IDENTITY plain
employees <- scales.code FILTER
employees <- employees.scale_code FILTER
employees <- employees.dept FILTER
===
-- case: delete using
-- dialect: postgres
DELETE FROM sessions s
USING users u
WHERE u.id = s.user_id AND (u.deleted_at < now() - interval '30 days' OR s.expires_at < now())
;;;
sessions <- users.id FILTER
sessions <- sessions.user_id FILTER
sessions <- users.deleted_at FILTER
sessions <- sessions.expires_at FILTER
outputs: sessions
===
-- case: writing cte moves rows to an archive
-- dialect: postgres
-- schema: events(id, body, at); archive.events(id, body, at)
WITH gone AS (
  DELETE FROM events WHERE at < '2020-01-01' RETURNING id, body, at
)
INSERT INTO archive.events SELECT * FROM gone
;;;
archive.events.id <- events.id IDENTITY plain
archive.events.body <- events.body IDENTITY plain
archive.events.at <- events.at IDENTITY plain
archive.events <- events.at FILTER
events <- events.at FILTER
outputs: events, archive.events
===
-- case: insert returning feeds a second insert
-- dialect: postgres
WITH new_user AS (
  INSERT INTO users (email, name) SELECT lower(l.email), l.name FROM leads l WHERE l.converted RETURNING id, email
)
INSERT INTO audit (user_id, email_hash) SELECT id, md5(email) FROM new_user
;;;
users.email <- leads.email TRANSFORMATION plain
users.name <- leads.name IDENTITY plain
users <- leads.converted FILTER
audit.user_id <- users.id IDENTITY plain
audit.email_hash <- users.email TRANSFORMATION pseudonymised
audit <- leads.converted FILTER
outputs: users, audit
===
-- case: merge with delete and do nothing
-- dialect: postgres
MERGE INTO wines w
USING (SELECT winename, sum(delta) AS delta FROM wine_stock_changes GROUP BY winename) s
ON s.winename = w.winename
WHEN NOT MATCHED AND s.delta > 0 THEN
  INSERT (winename, stock) VALUES (s.winename, s.delta)
WHEN MATCHED AND w.stock + s.delta > 0 THEN
  UPDATE SET stock = w.stock + s.delta
WHEN MATCHED THEN
  DELETE
;;;
wines.winename <- wine_stock_changes.winename IDENTITY plain
wines.stock <- wine_stock_changes.delta AGGREGATION aggregated
wines.stock <- wines.stock TRANSFORMATION plain
wines <- wine_stock_changes.winename GROUP_BY
wines <- wine_stock_changes.winename JOIN
wines <- wines.winename JOIN
wines <- wine_stock_changes.delta FILTER
wines <- wines.stock FILTER
outputs: wines
===
-- case: positional insert fills the first columns
-- dialect: postgres
-- schema: mart.daily(day, region, revenue, loaded_at)
INSERT INTO mart.daily
SELECT created_at::date, country, sum(amount)
FROM orders
GROUP BY 1, 2
;;;
mart.daily.day <- orders.created_at TRANSFORMATION plain
mart.daily.region <- orders.country IDENTITY plain
mart.daily.revenue <- orders.amount AGGREGATION aggregated
mart.daily <- orders.created_at GROUP_BY
mart.daily <- orders.country GROUP_BY
===
-- case: materialized view and its column list
-- dialect: postgres
CREATE MATERIALIZED VIEW mart.top_users (uid, spent) AS
SELECT user_id, sum(amount) FROM orders GROUP BY user_id
WITH NO DATA
;;;
mart.top_users.uid <- orders.user_id IDENTITY plain
mart.top_users.spent <- orders.amount AGGREGATION aggregated
mart.top_users <- orders.user_id GROUP_BY
columns: uid, spent
===
-- case: select into
-- dialect: postgres
SELECT id, upper(name) AS name INTO mart.people FROM raw.people WHERE NOT deleted
;;;
mart.people.id <- raw.people.id IDENTITY plain
mart.people.name <- raw.people.name TRANSFORMATION plain
mart.people <- raw.people.deleted FILTER
outputs: mart.people
===
-- case: create table like and fill by values
-- dialect: postgres
CREATE TABLE ref.rates (code text PRIMARY KEY, rate numeric NOT NULL DEFAULT 1);
INSERT INTO ref.rates VALUES ('EUR', 1.0), ('USD', 0.92);
;;;
outputs: ref.rates
inputs: -
===
-- case: copy query to file
-- dialect: postgres
COPY (SELECT id, email FROM users WHERE consent) TO '/var/export/users.csv' WITH (FORMAT csv, HEADER)
;;;
/var/export/users.csv.id <- users.id IDENTITY plain
/var/export/users.csv.email <- users.email IDENTITY plain
/var/export/users.csv <- users.consent FILTER
inputs: users
outputs: /var/export/users.csv
===
-- case: copy from file
-- dialect: postgres
COPY stage.users (id, email) FROM '/in/users.csv' CSV HEADER
;;;
stage.users.id <- /in/users.csv.id IDENTITY plain
stage.users.email <- /in/users.csv.email IDENTITY plain
inputs: /in/users.csv
outputs: stage.users
===
-- case: temporary tables contracted
-- dialect: postgres
-- schema: raw.orders(id, customer_id, amount, status, created_at); raw.customers(id, email, country)
BEGIN;
CREATE TEMP TABLE paid ON COMMIT DROP AS
  SELECT id, customer_id, amount, created_at FROM raw.orders WHERE status = 'paid';
CREATE TEMP TABLE per_customer AS
  SELECT customer_id, sum(amount) AS total, min(created_at) AS first_at FROM paid GROUP BY customer_id;
CREATE INDEX ON per_customer (customer_id);
ANALYZE per_customer;
TRUNCATE mart.ltv;
INSERT INTO mart.ltv (customer_id, email_hash, ltv, first_at)
SELECT p.customer_id, md5(c.email), p.total, p.first_at
FROM per_customer p JOIN raw.customers c ON c.id = p.customer_id;
COMMIT;
;;;
mart.ltv.customer_id <- raw.orders.customer_id IDENTITY plain
mart.ltv.email_hash <- raw.customers.email TRANSFORMATION pseudonymised
mart.ltv.ltv <- raw.orders.amount AGGREGATION aggregated
mart.ltv.first_at <- raw.orders.created_at AGGREGATION plain
mart.ltv <- raw.orders.status FILTER
mart.ltv <- raw.orders.customer_id GROUP_BY
mart.ltv <- raw.customers.id JOIN
mart.ltv <- raw.orders.customer_id JOIN
inputs: raw.orders, raw.customers
outputs: mart.ltv
===
-- case: swap by rename
-- dialect: postgres
CREATE TABLE mart.orders_new AS SELECT id, amount FROM raw.orders;
ALTER TABLE mart.orders RENAME TO orders_old;
ALTER TABLE mart.orders_new RENAME TO orders;
DROP TABLE mart.orders_old;
;;;
mart.orders.id <- raw.orders.id IDENTITY plain
mart.orders.amount <- raw.orders.amount IDENTITY plain
inputs: raw.orders
===
-- case: updates to a temporary table before the final insert
-- dialect: postgres
CREATE TEMPORARY TABLE tmp_scores (user_id bigint, score numeric, grade text);
INSERT INTO tmp_scores (user_id, score) SELECT user_id, avg(points) FROM quiz GROUP BY user_id;
UPDATE tmp_scores SET grade = g.label FROM grades g WHERE tmp_scores.score BETWEEN g.lo AND g.hi;
INSERT INTO report.scores SELECT user_id, score, grade FROM tmp_scores;
DROP TABLE tmp_scores;
;;;
report.scores.user_id <- quiz.user_id IDENTITY plain
report.scores.score <- quiz.points AGGREGATION aggregated
report.scores.grade <- grades.label IDENTITY plain
report.scores <- quiz.user_id GROUP_BY
report.scores <- quiz.points FILTER
report.scores <- grades.lo FILTER
report.scores <- grades.hi FILTER
inputs: quiz, grades
outputs: report.scores
===
-- case: slowly changing dimension by hand
-- dialect: postgres
-- schema: stage.customer(id, name, email, phone, segment, updated_at); dim.customer(sk, id, name, email, phone, segment, row_hash, valid_from, valid_to, is_current)
begin;

drop table if exists tmp_customer;
create temp table tmp_customer as
with ranked as (
    select
        s.*,
        row_number() over (partition by s.id order by s.updated_at desc) as rn
    from stage.customer s
    where s.id is not null
)
select
    id,
    initcap(trim(name))                    as name,
    lower(nullif(trim(email), ''))         as email,
    regexp_replace(phone, '[^0-9+]', '', 'g') as phone,
    case
        when segment in ('ent', 'enterprise') then 'ENT'
        when segment is null then 'UNKNOWN'
        else upper(segment)
    end                                    as segment,
    md5(concat_ws('|', name, email, phone, segment)) as row_hash,
    updated_at
from ranked
where rn = 1;

-- close the rows that changed
update dim.customer d
set valid_to   = t.updated_at,
    is_current = false
from tmp_customer t
where d.id = t.id
  and d.is_current
  and d.row_hash <> t.row_hash;

-- open new ones
insert into dim.customer (id, name, email, phone, segment, row_hash, valid_from, valid_to, is_current)
select t.id, t.name, t.email, t.phone, t.segment, t.row_hash, t.updated_at, null, true
from tmp_customer t
left join dim.customer d on d.id = t.id and d.is_current
where d.sk is null or d.row_hash <> t.row_hash;

commit;
;;;
dim.customer.valid_to <- stage.customer.updated_at IDENTITY plain
dim.customer.id <- stage.customer.id IDENTITY plain
dim.customer.name <- stage.customer.name TRANSFORMATION plain
dim.customer.email <- stage.customer.email TRANSFORMATION plain
dim.customer.email <- stage.customer.email CONDITIONAL
dim.customer.phone <- stage.customer.phone TRANSFORMATION plain
dim.customer.segment <- stage.customer.segment TRANSFORMATION plain
dim.customer.segment <- stage.customer.segment CONDITIONAL
dim.customer.row_hash <- stage.customer.name TRANSFORMATION pseudonymised
dim.customer.row_hash <- stage.customer.email TRANSFORMATION pseudonymised
dim.customer.row_hash <- stage.customer.phone TRANSFORMATION pseudonymised
dim.customer.row_hash <- stage.customer.segment TRANSFORMATION pseudonymised
dim.customer.valid_from <- stage.customer.updated_at IDENTITY plain
dim.customer <- stage.customer.id FILTER
dim.customer <- stage.customer.updated_at FILTER
dim.customer <- dim.customer.id FILTER
dim.customer <- dim.customer.is_current FILTER
dim.customer <- dim.customer.row_hash FILTER
dim.customer <- stage.customer.name FILTER
dim.customer <- stage.customer.email FILTER
dim.customer <- stage.customer.phone FILTER
dim.customer <- stage.customer.segment FILTER
dim.customer <- dim.customer.id JOIN
dim.customer <- stage.customer.id JOIN
dim.customer <- dim.customer.is_current JOIN
dim.customer <- dim.customer.sk FILTER
outputs: dim.customer
