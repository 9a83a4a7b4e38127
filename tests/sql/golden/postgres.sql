-- case: distinct on with order
-- dialect: postgres
SELECT DISTINCT ON (customer_id) customer_id, id AS last_order, amount::numeric(10,2) AS amount
FROM orders
ORDER BY customer_id, created_at DESC
;;;
.customer_id <- orders.customer_id IDENTITY plain
.last_order <- orders.id IDENTITY plain
.amount <- orders.amount TRANSFORMATION plain
* <- orders.customer_id GROUP_BY
* <- orders.customer_id SORT
* <- orders.created_at SORT
===
-- case: aggregate with filter clause and string_agg order
-- dialect: postgres
SELECT team_id,
       count(*) AS n,
       count(*) FILTER (WHERE active) AS n_active,
       sum(salary) FILTER (WHERE hired_at >= now() - interval '1 year') AS fresh_cost,
       string_agg(name, ', ' ORDER BY hired_at) AS names
FROM staff
GROUP BY team_id
HAVING count(*) > 3 AND max(salary) < 1e6
;;;
.team_id <- staff.team_id IDENTITY plain
.n <- staff.* AGGREGATION aggregated
.n_active <- staff.* AGGREGATION aggregated
.n_active <- staff.active CONDITIONAL
.fresh_cost <- staff.salary AGGREGATION aggregated
.fresh_cost <- staff.hired_at CONDITIONAL
.names <- staff.name AGGREGATION plain
.names <- staff.hired_at WINDOW
* <- staff.team_id GROUP_BY
* <- staff.salary FILTER
* <- staff.* FILTER
===
-- case: lateral subquery that looks left
-- dialect: postgres
-- schema: customers(id, name); orders(id, customer_id, amount, created_at)
SELECT c.name, last.amount, last.created_at AS at
FROM customers c
LEFT JOIN LATERAL (
  SELECT o.amount, o.created_at
  FROM orders o
  WHERE o.customer_id = c.id
  ORDER BY o.created_at DESC
  LIMIT 1
) last ON true
;;;
.name <- customers.name IDENTITY plain
.amount <- orders.amount IDENTITY plain
.at <- orders.created_at IDENTITY plain
* <- orders.customer_id FILTER
* <- customers.id FILTER
* <- orders.created_at SORT
===
-- case: correlated scalar subquery
-- dialect: postgres
SELECT c.id,
       (SELECT max(o.created_at) FROM orders o WHERE o.customer_id = c.id AND o.status <> 'void') AS last_seen
FROM customers c
;;;
.id <- customers.id IDENTITY plain
.last_seen <- orders.created_at AGGREGATION plain
* <- orders.customer_id FILTER
* <- customers.id FILTER
* <- orders.status FILTER
===
-- case: exists and not in as filters
-- dialect: postgres
SELECT u.id
FROM users u
WHERE EXISTS (SELECT 1 FROM logins l WHERE l.user_id = u.id AND l.ok)
  AND u.email NOT IN (SELECT b.email FROM blocklist b WHERE b.until > now())
;;;
.id <- users.id IDENTITY plain
* <- logins.user_id FILTER
* <- users.id FILTER
* <- logins.ok FILTER
* <- users.email FILTER
* <- blocklist.email FILTER
* <- blocklist.until FILTER
===
-- case: exists as a value
-- dialect: postgres
SELECT u.id, EXISTS (SELECT 1 FROM logins l WHERE l.user_id = u.id) AS has_login
FROM users u
;;;
.id <- users.id IDENTITY plain
.has_login <- logins.user_id CONDITIONAL
.has_login <- users.id CONDITIONAL
===
-- case: jsonb paths
-- dialect: postgres
SELECT payload ->> 'email' AS email,
       payload -> 'user' ->> 'name' AS name,
       payload #>> '{address,city}' AS city,
       (payload -> 'total')::int AS total
FROM raw.events
WHERE payload ->> 'type' = 'signup'
;;;
.email <- raw.events.payload TRANSFORMATION plain @email
.name <- raw.events.payload TRANSFORMATION plain @user.name
.city <- raw.events.payload TRANSFORMATION plain @address.city
.total <- raw.events.payload TRANSFORMATION plain @total
* <- raw.events.payload FILTER @type
===
-- case: unnest with ordinality
-- dialect: postgres
-- schema: posts(id, tags)
SELECT p.id, t.tag, t.ord
FROM posts p
CROSS JOIN LATERAL unnest(p.tags) WITH ORDINALITY AS t(tag, ord)
;;;
.id <- posts.id IDENTITY plain
.tag <- posts.tags TRANSFORMATION plain
===
-- case: jsonb_array_elements
-- dialect: postgres
SELECT o.id, item ->> 'sku' AS sku, (item ->> 'qty')::int AS qty
FROM orders o, jsonb_array_elements(o.lines) AS item
;;;
.id <- orders.id IDENTITY plain
.sku <- orders.lines TRANSFORMATION plain @sku
.qty <- orders.lines TRANSFORMATION plain @qty
===
-- case: recursive tree with a path
-- dialect: postgres
-- schema: employees(id, name, manager_id)
WITH RECURSIVE tree AS (
  SELECT id, name, manager_id, 1 AS depth, name::text AS path
  FROM employees
  WHERE manager_id IS NULL
  UNION ALL
  SELECT e.id, e.name, e.manager_id, t.depth + 1, t.path || '/' || e.name
  FROM employees e
  JOIN tree t ON t.id = e.manager_id
)
SELECT id, depth, path FROM tree
;;;
.id <- employees.id IDENTITY plain
.path <- employees.name TRANSFORMATION plain
* <- employees.manager_id FILTER
* <- employees.id JOIN
* <- employees.manager_id JOIN
===
-- case: set operations in a row
-- dialect: postgres
SELECT id, email FROM a
UNION ALL
SELECT user_id, mail FROM b
EXCEPT
SELECT id, email FROM banned
;;;
.id <- a.id IDENTITY plain
.id <- b.user_id IDENTITY plain
.email <- a.email IDENTITY plain
.email <- b.mail IDENTITY plain
* <- banned.id FILTER
* <- banned.email FILTER
* <- a.id GROUP_BY
* <- b.user_id GROUP_BY
* <- a.email GROUP_BY
* <- b.mail GROUP_BY
===
-- case: join using and star
-- dialect: postgres
-- schema: a(id, x); b(id, y)
SELECT * FROM a JOIN b USING (id)
;;;
.id <- a.id IDENTITY plain
.id <- b.id IDENTITY plain
.x <- a.x IDENTITY plain
.y <- b.y IDENTITY plain
* <- a.id JOIN
* <- b.id JOIN
columns: id, x, y
===
-- case: natural join
-- dialect: postgres
-- schema: a(id, region, x); b(region, id, y)
SELECT id, x, y FROM a NATURAL JOIN b
;;;
.id <- a.id IDENTITY plain
.id <- b.id IDENTITY plain
.x <- a.x IDENTITY plain
.y <- b.y IDENTITY plain
* <- a.id JOIN
* <- b.id JOIN
* <- a.region JOIN
* <- b.region JOIN
===
-- case: values with column names
-- dialect: postgres
SELECT o.id, s.label
FROM orders o
JOIN (VALUES ('n', 'new'), ('d', 'done')) AS s(code, label) ON s.code = o.status
;;;
.id <- orders.id IDENTITY plain
* <- orders.status JOIN
===
-- case: grouping sets and rollup
-- dialect: postgres
SELECT region, product, sum(amount) AS total, grouping(region) AS g
FROM sales
GROUP BY GROUPING SETS ((region, product), (region), ())
ORDER BY total DESC NULLS LAST
;;;
.region <- sales.region IDENTITY plain
.product <- sales.product IDENTITY plain
.total <- sales.amount AGGREGATION aggregated
.g <- sales.region AGGREGATION aggregated
* <- sales.region GROUP_BY
* <- sales.product GROUP_BY
* <- sales.amount SORT
===
-- case: percentile within group and mode
-- dialect: postgres
SELECT percentile_cont(0.9) WITHIN GROUP (ORDER BY latency) AS p90,
       mode() WITHIN GROUP (ORDER BY browser) AS top_browser,
       avg(latency) AS mean
FROM hits
;;;
.p90 <- hits.latency AGGREGATION aggregated
.top_browser <- hits.browser AGGREGATION plain
.mean <- hits.latency AGGREGATION aggregated
===
-- case: named window and frame
-- dialect: postgres
SELECT id,
       lag(amount) OVER w AS previous,
       amount - avg(amount) OVER (w ROWS BETWEEN 6 PRECEDING AND CURRENT ROW) AS drift,
       rank() OVER w AS r
FROM payments
WINDOW w AS (PARTITION BY account_id ORDER BY paid_at)
;;;
.id <- payments.id IDENTITY plain
.previous <- payments.amount TRANSFORMATION plain
.previous <- payments.account_id WINDOW
.previous <- payments.paid_at WINDOW
.drift <- payments.amount TRANSFORMATION plain
.drift <- payments.amount AGGREGATION aggregated
.drift <- payments.account_id WINDOW
.drift <- payments.paid_at WINDOW
.r <- payments.account_id WINDOW
.r <- payments.paid_at WINDOW
===
-- case: masking verdicts
-- dialect: postgres
SELECT md5(lower(email)) AS email_hash,
       encode(digest(phone, 'sha256'), 'hex') AS phone_hash,
       length(name) AS name_len,
       extract(year FROM birth_date) AS birth_year,
       email LIKE '%@corp.com' AS internal,
       left(zip, 2) AS zip2
FROM people
;;;
.email_hash <- people.email TRANSFORMATION pseudonymised
.phone_hash <- people.phone TRANSFORMATION pseudonymised
.name_len <- people.name TRANSFORMATION derived
.birth_year <- people.birth_date TRANSFORMATION derived
.internal <- people.email TRANSFORMATION derived
.zip2 <- people.zip TRANSFORMATION plain
===
-- case: generate_series calendar
-- dialect: postgres
-- schema: orders(id, created_at, amount)
SELECT d::date AS day, coalesce(sum(o.amount), 0) AS revenue
FROM generate_series('2024-01-01'::date, '2024-12-31'::date, interval '1 day') AS d
LEFT JOIN orders o ON o.created_at::date = d::date
GROUP BY 1
;;;
.revenue <- orders.amount AGGREGATION aggregated
.revenue <- orders.amount CONDITIONAL
* <- orders.created_at JOIN
===
-- case: quoted identifiers keep case
-- dialect: postgres
SELECT "userId", Email FROM "App"."Users" WHERE "isActive"
;;;
.userId <- App.Users.userId IDENTITY plain
.email <- App.Users.email IDENTITY plain
* <- App.Users.isActive FILTER
===
-- case: row comparison and between
-- dialect: postgres
SELECT id FROM t WHERE (a, b) > (SELECT x, y FROM bounds) AND c BETWEEN lo AND hi
;;;
.id <- t.id IDENTITY plain
* <- t.a FILTER
* <- t.b FILTER
* <- bounds.x FILTER
* <- bounds.y FILTER
* <- t.c FILTER
* <- t.lo FILTER
* <- t.hi FILTER
===
-- case: cohort retention report
-- dialect: postgres
-- schema: app.users(id, email, created_at, country_code, utm_source, deleted_at); app.events(id, user_id, event_name, occurred_at, properties); ref.countries(code, name, region); app.subscriptions(id, user_id, plan, mrr_cents, started_at, ended_at)
-- weekly retention by signup cohort, asked for by growth
with cohort as (
    select
        u.id                                   as user_id,
        date_trunc('week', u.created_at)::date as cohort_week,
        coalesce(nullif(trim(u.utm_source), ''), 'organic') as source,
        c.region
    from app.users u
    left join ref.countries c
           on c.code = upper(u.country_code)
    where u.deleted_at is null
      and u.email not ilike '%@example.com'
),
activity as (
    select distinct
        e.user_id,
        date_trunc('week', e.occurred_at)::date as active_week
    from app.events e
    where e.event_name in ('login', 'page_view', 'purchase')
),
paying as (
    select s.user_id,
           max(s.mrr_cents) / 100.0 as mrr
    from app.subscriptions s
    where s.ended_at is null or s.ended_at > now()
    group by s.user_id
),
joined as (
    select
        co.cohort_week,
        co.source,
        co.region,
        co.user_id,
        (a.active_week - co.cohort_week) / 7 as week_no,
        p.mrr
    from cohort co
    left join activity a on a.user_id = co.user_id and a.active_week >= co.cohort_week
    left join paying p on p.user_id = co.user_id
)
select
    cohort_week,
    source,
    region,
    week_no,
    count(distinct user_id)                          as users,
    sum(case when mrr > 0 then mrr else 0 end)       as mrr,
    round(100.0 * count(distinct user_id)
          / first_value(count(distinct user_id)) over (partition by cohort_week, source order by week_no), 1) as retention_pct
from joined
where week_no between 0 and 12
group by 1, 2, 3, 4
order by 1 desc, 4
;;;
.cohort_week <- app.users.created_at TRANSFORMATION plain
.source <- app.users.utm_source TRANSFORMATION plain
.source <- app.users.utm_source CONDITIONAL
.region <- ref.countries.region IDENTITY plain
.week_no <- app.events.occurred_at TRANSFORMATION plain
.week_no <- app.users.created_at TRANSFORMATION plain
.users <- app.users.id AGGREGATION aggregated
.mrr <- app.subscriptions.mrr_cents AGGREGATION aggregated
.mrr <- app.subscriptions.mrr_cents CONDITIONAL
.retention_pct <- app.users.id AGGREGATION aggregated
.retention_pct <- app.users.created_at WINDOW
.retention_pct <- app.users.utm_source WINDOW
.retention_pct <- app.events.occurred_at WINDOW
* <- ref.countries.code JOIN
* <- app.users.country_code JOIN
* <- app.users.deleted_at FILTER
* <- app.users.email FILTER
* <- app.events.event_name FILTER
* <- app.events.user_id GROUP_BY
* <- app.events.occurred_at GROUP_BY
* <- app.subscriptions.ended_at FILTER
* <- app.subscriptions.user_id GROUP_BY
* <- app.events.user_id JOIN
* <- app.events.occurred_at JOIN
* <- app.users.id JOIN
* <- app.users.created_at JOIN
* <- app.subscriptions.user_id JOIN
* <- app.events.occurred_at FILTER
* <- app.users.created_at FILTER
* <- app.users.created_at GROUP_BY
* <- app.users.utm_source GROUP_BY
* <- ref.countries.region GROUP_BY
* <- app.users.created_at SORT
* <- app.events.occurred_at SORT
inputs: app.users, ref.countries, app.events, app.subscriptions
columns: cohort_week, source, region, week_no, users, mrr, retention_pct
