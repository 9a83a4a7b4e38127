-- case: jsonb_to_recordset with a column list
-- dialect: postgres
-- schema: inbox(id, doc)
SELECT i.id, r.sku, r.qty
FROM inbox i
CROSS JOIN LATERAL jsonb_to_recordset(i.doc -> 'lines') AS r(sku text, qty int)
WHERE r.qty > 0
;;;
.id <- inbox.id IDENTITY plain
.sku <- inbox.doc TRANSFORMATION plain @lines.sku
.qty <- inbox.doc TRANSFORMATION plain @lines.qty
* <- inbox.doc FILTER @lines.qty
===
-- case: jsonb_each and object keys
-- dialect: postgres
-- schema: cfg(id, doc)
SELECT c.id, e.key, e.value FROM cfg c, jsonb_each_text(c.doc) AS e
;;;
.id <- cfg.id IDENTITY plain
.key <- cfg.doc TRANSFORMATION plain
.value <- cfg.doc TRANSFORMATION plain
===
-- case: unnest in the projection and string_to_array
-- dialect: postgres
SELECT id, unnest(string_to_array(tags, ',')) AS tag FROM posts
;;;
.id <- posts.id IDENTITY plain
.tag <- posts.tags TRANSFORMATION plain
===
-- case: array subquery and any
-- dialect: postgres
SELECT u.id, ARRAY(SELECT g.name FROM groups g WHERE g.id = ANY (u.group_ids) ORDER BY g.name) AS groups
FROM users u
;;;
.id <- users.id IDENTITY plain
.groups <- groups.name TRANSFORMATION plain
* <- groups.id FILTER
* <- users.group_ids FILTER
* <- groups.name SORT
===
-- case: json building
-- dialect: postgres
SELECT c.id,
       jsonb_build_object('name', c.name, 'orders', jsonb_agg(jsonb_build_object('id', o.id, 'total', o.total) ORDER BY o.id)) AS doc
FROM customers c JOIN orders o ON o.customer_id = c.id
GROUP BY c.id
;;;
.id <- customers.id IDENTITY plain
.doc <- customers.name TRANSFORMATION plain
.doc <- orders.id AGGREGATION plain
.doc <- orders.total AGGREGATION plain
.doc <- orders.id WINDOW
* <- orders.customer_id JOIN
* <- customers.id JOIN
* <- customers.id GROUP_BY
===
-- case: regexp and split functions
-- dialect: postgres
SELECT split_part(email, '@', 2) AS domain,
       (regexp_match(ua, 'Chrome/(\d+)'))[1] AS chrome,
       regexp_replace(phone, '\d', 'x', 'g') AS phone,
       substring(iban from 1 for 4) AS bank,
       position('@' in email) AS at_pos
FROM people
;;;
.domain <- people.email TRANSFORMATION plain
.chrome <- people.ua TRANSFORMATION plain
.phone <- people.phone TRANSFORMATION plain
.bank <- people.iban TRANSFORMATION plain
.at_pos <- people.email TRANSFORMATION derived
===
-- case: whole row and its fields
-- dialect: postgres
-- schema: users(id, email)
SELECT to_jsonb(u) AS doc, (u).email AS mail FROM users u
;;;
.doc <- users.id TRANSFORMATION plain
.doc <- users.email TRANSFORMATION plain
.mail <- users.email IDENTITY plain
===
-- case: count distinct of a pair and bool_or
-- dialect: postgres
SELECT count(DISTINCT (user_id, day)) AS user_days, bool_or(paid) AS any_paid, every(ok) AS all_ok FROM log
;;;
.user_days <- log.user_id AGGREGATION aggregated
.user_days <- log.day AGGREGATION aggregated
.any_paid <- log.paid AGGREGATION plain
.all_ok <- log.ok AGGREGATION plain
===
-- case: tablesample and fetch first
-- dialect: postgres
SELECT id FROM big TABLESAMPLE BERNOULLI (1) ORDER BY score DESC NULLS LAST FETCH FIRST 10 ROWS WITH TIES
;;;
.id <- big.id IDENTITY plain
* <- big.score SORT
===
-- case: select list without names
-- dialect: postgres
SELECT upper(name), count(*), name::text, 'x' FROM t GROUP BY 1, 3
;;;
.upper <- t.name TRANSFORMATION plain
.count <- t.* AGGREGATION aggregated
.name <- t.name TRANSFORMATION plain
* <- t.name GROUP_BY
===
-- case: group by name prefers the input column
-- dialect: postgres
-- schema: t(name, city)
SELECT upper(city) AS name, count(*) AS n FROM t GROUP BY name, city
;;;
.name <- t.city TRANSFORMATION plain
* <- t.name GROUP_BY
* <- t.city GROUP_BY
===
-- case: order by name prefers the output column
-- dialect: postgres
-- schema: t(name, city)
SELECT city AS name FROM t ORDER BY name
;;;
.name <- t.city IDENTITY plain
* <- t.city SORT
===
-- case: support ticket backlog
-- dialect: postgres
-- schema: tickets(id, requester_id, assignee_id, status, priority, tags, custom, created_at, solved_at); ticket_events(ticket_id, kind, old_value, new_value, at, author_id); people(id, email, name, team)
with first_reply as (
  select e.ticket_id, min(e.at) as replied_at
  from ticket_events e
  join people p on p.id = e.author_id and p.team is not null
  where e.kind = 'comment'
  group by 1
), status_spans as (
  select ticket_id, new_value as status, at as from_at,
         lead(at, 1, now()) over (partition by ticket_id order by at) as to_at
  from ticket_events
  where kind = 'status'
), waiting as (
  select ticket_id, sum(extract(epoch from to_at - from_at)) / 3600 as wait_hours
  from status_spans
  where status in ('pending', 'hold')
  group by ticket_id
)
select t.id,
       split_part(r.email, '@', 2) as customer_domain,
       coalesce(a.name, '(nobody)') as assignee,
       t.custom ->> 'product' as product,
       t.custom #>> '{sla,level}' as sla,
       array_to_string(t.tags, ',') as tags,
       fr.replied_at - t.created_at as first_reply_time,
       round(coalesce(w.wait_hours, 0)::numeric, 1) as wait_hours,
       case
         when t.solved_at is not null then 'solved'
         when now() - t.created_at > interval '14 days' then 'stale'
         else t.status
       end as bucket,
       rank() over (partition by a.team order by t.priority desc, t.created_at) as queue_pos
from tickets t
join people r on r.id = t.requester_id
left join people a on a.id = t.assignee_id
left join first_reply fr on fr.ticket_id = t.id
left join waiting w on w.ticket_id = t.id
where 'spam' <> all (t.tags)
  and (t.custom -> 'flags') ? 'visible'
order by queue_pos
limit 500
;;;
.id <- tickets.id IDENTITY plain
.customer_domain <- people.email TRANSFORMATION plain
.assignee <- people.name TRANSFORMATION plain
.assignee <- people.name CONDITIONAL
.product <- tickets.custom TRANSFORMATION plain @product
.sla <- tickets.custom TRANSFORMATION plain @sla.level
.tags <- tickets.tags TRANSFORMATION plain
.first_reply_time <- ticket_events.at AGGREGATION plain
.first_reply_time <- tickets.created_at TRANSFORMATION plain
.wait_hours <- ticket_events.at AGGREGATION aggregated
.wait_hours <- ticket_events.at CONDITIONAL
.wait_hours <- ticket_events.ticket_id CONDITIONAL
.wait_hours <- ticket_events.ticket_id WINDOW
.wait_hours <- ticket_events.at WINDOW
.bucket <- tickets.solved_at CONDITIONAL
.bucket <- tickets.created_at CONDITIONAL
.bucket <- tickets.status TRANSFORMATION plain
.queue_pos <- people.team WINDOW
.queue_pos <- tickets.priority WINDOW
.queue_pos <- tickets.created_at WINDOW
* <- people.id JOIN
* <- ticket_events.author_id JOIN
* <- people.team JOIN
* <- ticket_events.kind FILTER
* <- ticket_events.ticket_id GROUP_BY
* <- ticket_events.new_value FILTER
* <- tickets.requester_id JOIN
* <- tickets.assignee_id JOIN
* <- ticket_events.ticket_id JOIN
* <- tickets.id JOIN
* <- tickets.tags FILTER
* <- tickets.custom FILTER @flags
* <- people.team SORT
* <- tickets.priority SORT
* <- tickets.created_at SORT
===
-- case: whole row through the name of the table
-- dialect: postgres
SELECT row_to_json(users) AS j, jsonb_agg(to_jsonb(users) - 'email') AS a FROM app.users
;;;
.j <- app.users.* TRANSFORMATION plain
.a <- app.users.* AGGREGATION plain
===
