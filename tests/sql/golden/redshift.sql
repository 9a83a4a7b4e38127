-- case: unload
-- dialect: redshift
UNLOAD ('SELECT id, email FROM mart.users WHERE country = ''NL''')
TO 's3://bucket/users/'
IAM_ROLE 'arn:aws:iam::1:role/x'
FORMAT AS PARQUET
;;;
s3://bucket/users/.id <- mart.users.id IDENTITY plain
s3://bucket/users/.email <- mart.users.email IDENTITY plain
s3://bucket/users/ <- mart.users.country FILTER
inputs: mart.users
outputs: s3://bucket/users/
===
-- case: copy
-- dialect: redshift
-- schema: stage.events(id, body, at)
COPY stage.events FROM 's3://bucket/events/2024/' IAM_ROLE 'arn:aws:iam::1:role/x' FORMAT AS JSON 'auto' TIMEFORMAT 'epochmillisecs'
;;;
stage.events.id <- s3://bucket/events/2024/.id IDENTITY plain
stage.events.body <- s3://bucket/events/2024/.body IDENTITY plain
stage.events.at <- s3://bucket/events/2024/.at IDENTITY plain
inputs: s3://bucket/events/2024/
outputs: stage.events
===
-- case: ctas with distkey
-- dialect: redshift
CREATE TABLE mart.daily DISTKEY(user_id) SORTKEY(day) AS
SELECT user_id, TRUNC(at) AS day, COUNT(id) AS n FROM events GROUP BY 1, 2
;;;
mart.daily.user_id <- events.user_id IDENTITY plain
mart.daily.day <- events.at TRANSFORMATION plain
mart.daily.n <- events.id AGGREGATION aggregated
mart.daily <- events.user_id GROUP_BY
mart.daily <- events.at GROUP_BY
===
-- case: super navigation and unnest
-- dialect: redshift
-- schema: raw.orders(id, doc)
SELECT o.id, l.sku, l.qty
FROM raw.orders o, o.doc.lines l
WHERE o.doc.status = 'paid'
;;;
.id <- raw.orders.id IDENTITY plain
.sku <- raw.orders.doc.lines.sku TRANSFORMATION plain
.qty <- raw.orders.doc.lines.qty TRANSFORMATION plain
* <- raw.orders.doc.status FILTER
===
-- case: qualify
-- dialect: redshift
SELECT id, email FROM users QUALIFY ROW_NUMBER() OVER (PARTITION BY lower(email) ORDER BY updated_at DESC) = 1
;;;
.id <- users.id IDENTITY plain
.email <- users.email IDENTITY plain
* <- users.email FILTER
* <- users.updated_at FILTER
===
-- case: lateral column alias
-- dialect: redshift
SELECT price * qty AS gross, gross * 0.21 AS vat, gross + vat AS total FROM lines
;;;
.gross <- lines.price TRANSFORMATION plain
.gross <- lines.qty TRANSFORMATION plain
.vat <- lines.price TRANSFORMATION plain
.vat <- lines.qty TRANSFORMATION plain
.total <- lines.price TRANSFORMATION plain
.total <- lines.qty TRANSFORMATION plain
===
-- case: column before alias
-- dialect: redshift
-- schema: lines(price, qty, gross)
SELECT price * qty AS gross, gross * 0.21 AS vat FROM lines
;;;
.gross <- lines.price TRANSFORMATION plain
.gross <- lines.qty TRANSFORMATION plain
.vat <- lines.gross TRANSFORMATION plain
===
-- case: listagg json_extract_path_text nvl
-- dialect: redshift
SELECT NVL(a, b) AS ab,
       LISTAGG(tag, ',') WITHIN GROUP (ORDER BY pos) AS tags,
       JSON_EXTRACT_PATH_TEXT(doc, 'user', 'email') AS email,
       FUNC_SHA1(ssn) AS ssn_key,
       DATEDIFF(day, born, died) AS days
FROM t
GROUP BY 1, 3, 4, 5
;;;
.ab <- t.a TRANSFORMATION plain
.ab <- t.a CONDITIONAL
.ab <- t.b TRANSFORMATION plain
.ab <- t.b CONDITIONAL
.tags <- t.tag AGGREGATION plain
.tags <- t.pos WINDOW
.email <- t.doc TRANSFORMATION plain @user.email
.ssn_key <- t.ssn TRANSFORMATION pseudonymised
.days <- t.born TRANSFORMATION derived
.days <- t.died TRANSFORMATION derived
* <- t.a GROUP_BY
* <- t.b GROUP_BY
* <- t.doc GROUP_BY @user.email
* <- t.ssn GROUP_BY
* <- t.born GROUP_BY
* <- t.died GROUP_BY
===
-- case: late binding view
-- dialect: redshift
CREATE OR REPLACE VIEW rpt.v AS SELECT id, name FROM ext.people WHERE NOT gone WITH NO SCHEMA BINDING
;;;
rpt.v.id <- ext.people.id IDENTITY plain
rpt.v.name <- ext.people.name IDENTITY plain
rpt.v <- ext.people.gone FILTER
===
-- case: append from
-- dialect: redshift
-- schema: sales_monthly(id, amount); sales(id, amount)
ALTER TABLE sales APPEND FROM sales_monthly
;;;
sales.id <- sales_monthly.id IDENTITY plain
sales.amount <- sales_monthly.amount IDENTITY plain
outputs: sales
===
-- case: delete and insert upsert through a staging table
-- dialect: redshift
-- schema: mart.users(id, email, plan, updated_at)
BEGIN TRANSACTION;
CREATE TEMP TABLE stage_users (LIKE mart.users);
COPY stage_users FROM 's3://lake/users/' IAM_ROLE default FORMAT AS PARQUET;
DELETE FROM mart.users USING stage_users s WHERE mart.users.id = s.id;
INSERT INTO mart.users SELECT * FROM stage_users;
END TRANSACTION;
;;;
mart.users <- mart.users.id FILTER
mart.users <- s3://lake/users/.id FILTER
mart.users.id <- s3://lake/users/.id IDENTITY plain
mart.users.email <- s3://lake/users/.email IDENTITY plain
mart.users.plan <- s3://lake/users/.plan IDENTITY plain
mart.users.updated_at <- s3://lake/users/.updated_at IDENTITY plain
outputs: mart.users
===
-- case: merge remove duplicates
-- dialect: redshift
MERGE INTO target USING source ON target.id = source.id
WHEN MATCHED THEN UPDATE SET id = source.id, name = source.name
WHEN NOT MATCHED THEN INSERT VALUES (source.id, source.name)
;;;
target.id <- source.id IDENTITY plain
target.name <- source.name IDENTITY plain
target <- target.id JOIN
target <- source.id JOIN
===
-- case: hash temp name
-- dialect: redshift
SELECT user_id, MAX(at) AS last_at INTO #last FROM logins GROUP BY user_id;
CREATE TABLE mart.dormant AS
SELECT u.id, u.email, l.last_at FROM users u LEFT JOIN #last l ON l.user_id = u.id
WHERE l.last_at < DATEADD(month, -6, GETDATE()) OR l.last_at IS NULL;
;;;
mart.dormant.id <- users.id IDENTITY plain
mart.dormant.email <- users.email IDENTITY plain
mart.dormant.last_at <- logins.at AGGREGATION plain
mart.dormant <- logins.user_id GROUP_BY
mart.dormant <- logins.user_id JOIN
mart.dormant <- users.id JOIN
mart.dormant <- logins.at FILTER
outputs: mart.dormant
===
-- case: marketing attribution with nested cases
-- dialect: redshift
-- schema: web.sessions(session_id, visitor_id, user_id, landing_url, referrer, started_at, device); web.touches(touch_id, session_id, channel, campaign, cost, touched_at); shop.orders(order_id, user_id, revenue, margin, ordered_at, status)
create table rpt.attribution
diststyle key distkey (user_id)
compound sortkey (ordered_at, channel)
as
with touches as (
    select
        s.user_id
      , t.channel
      , lower(split_part(t.campaign, '_', 1))                             as campaign_group
      , t.touched_at
      , t.cost
      , case
            when t.channel = 'sea' and t.campaign ilike '%brand%' then 'sea_brand'
            when t.channel = 'sea' then 'sea_generic'
            when s.referrer is null or s.referrer = '' then 'direct'
            else t.channel
        end                                                               as channel_group
    from web.touches t
    join web.sessions s using (session_id)
    where s.user_id is not null
      and s.device <> 'bot'
)
, orders as (
    select o.order_id, o.user_id, o.revenue, o.margin, o.ordered_at
         , lag(o.ordered_at) over (partition by o.user_id order by o.ordered_at) as prev_at
    from shop.orders o
    where o.status = 'complete'
)
, matched as (
    select
        o.order_id
      , o.user_id
      , o.ordered_at
      , o.revenue
      , t.channel_group
      , t.campaign_group
      , t.cost
      , row_number() over (partition by o.order_id order by t.touched_at desc) as recency
      , count(*) over (partition by o.order_id)                                as touches
    from orders o
    join touches t
      on t.user_id = o.user_id
     and t.touched_at between coalesce(o.prev_at, '1970-01-01') and o.ordered_at
)
select
    user_id
  , ordered_at::date                                  as ordered_at
  , channel_group                                     as channel
  , campaign_group
  , sum(revenue * case when recency = 1 then 1.0 else 0.0 end) as last_touch
  , sum(revenue / touches)                            as linear
  , sum(cost)                                         as cost
  , sum(revenue) - sum(cost)                          as contribution
from matched
group by 1, 2, 3, 4
;;;
rpt.attribution.user_id <- shop.orders.user_id IDENTITY plain
rpt.attribution.ordered_at <- shop.orders.ordered_at TRANSFORMATION plain
rpt.attribution.channel <- web.touches.channel TRANSFORMATION plain
rpt.attribution.channel <- web.touches.channel CONDITIONAL
rpt.attribution.channel <- web.touches.campaign CONDITIONAL
rpt.attribution.channel <- web.sessions.referrer CONDITIONAL
rpt.attribution.campaign_group <- web.touches.campaign TRANSFORMATION plain
rpt.attribution.last_touch <- shop.orders.revenue AGGREGATION aggregated
rpt.attribution.last_touch <- shop.orders.order_id CONDITIONAL
rpt.attribution.last_touch <- web.touches.touched_at CONDITIONAL
rpt.attribution.linear <- shop.orders.revenue AGGREGATION aggregated
rpt.attribution.linear <- shop.orders.order_id WINDOW
rpt.attribution.cost <- web.touches.cost AGGREGATION aggregated
rpt.attribution.contribution <- shop.orders.revenue AGGREGATION aggregated
rpt.attribution.contribution <- web.touches.cost AGGREGATION aggregated
rpt.attribution <- web.touches.session_id JOIN
rpt.attribution <- web.sessions.session_id JOIN
rpt.attribution <- web.sessions.user_id FILTER
rpt.attribution <- web.sessions.device FILTER
rpt.attribution <- shop.orders.status FILTER
rpt.attribution <- web.sessions.user_id JOIN
rpt.attribution <- shop.orders.user_id JOIN
rpt.attribution <- web.touches.touched_at JOIN
rpt.attribution <- shop.orders.ordered_at JOIN
rpt.attribution <- shop.orders.user_id GROUP_BY
rpt.attribution <- shop.orders.ordered_at GROUP_BY
rpt.attribution <- web.touches.channel GROUP_BY
rpt.attribution <- web.touches.campaign GROUP_BY
rpt.attribution <- web.sessions.referrer GROUP_BY
inputs: web.touches, web.sessions, shop.orders
outputs: rpt.attribution
columns: user_id, ordered_at, channel, campaign_group, last_touch, linear, cost, contribution
