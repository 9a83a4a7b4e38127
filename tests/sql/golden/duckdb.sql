-- case: from first
-- dialect: duckdb
-- schema: t(a, b)
FROM t WHERE a > 1
;;;
.a <- t.a IDENTITY plain
.b <- t.b IDENTITY plain
* <- t.a FILTER
===
-- case: exclude replace rename
-- dialect: duckdb
-- schema: users(id, email, name, created)
SELECT * EXCLUDE (created) REPLACE (md5(email) AS email) FROM users
;;;
.id <- users.id IDENTITY plain
.email <- users.email TRANSFORMATION pseudonymised
.name <- users.name IDENTITY plain
columns: id, email, name
===
-- case: star rename
-- dialect: duckdb
-- schema: users(id, email)
SELECT * RENAME (email AS mail) FROM users
;;;
.id <- users.id IDENTITY plain
.mail <- users.email IDENTITY plain
columns: id, mail
===
-- case: columns by regular expression
-- dialect: duckdb
-- schema: m(id, v_a, v_b)
SELECT id, COLUMNS('v_.*') FROM m
;;;
.id <- m.id IDENTITY plain
.v_a <- m.v_a IDENTITY plain
.v_b <- m.v_b IDENTITY plain
===
-- case: aggregate over columns star
-- dialect: duckdb
-- schema: m(a, b)
SELECT max(COLUMNS(*)) FROM m
;;;
.a <- m.a AGGREGATION plain
.b <- m.b AGGREGATION plain
===
-- case: group by all order by all
-- dialect: duckdb
SELECT region, upper(city) AS city, sum(amount) AS total FROM sales GROUP BY ALL ORDER BY ALL
;;;
.region <- sales.region IDENTITY plain
.city <- sales.city TRANSFORMATION plain
.total <- sales.amount AGGREGATION aggregated
* <- sales.region GROUP_BY
* <- sales.city GROUP_BY
* <- sales.region SORT
* <- sales.city SORT
* <- sales.amount SORT
===
-- case: union by name
-- dialect: duckdb
SELECT id, a FROM x UNION ALL BY NAME SELECT b, id FROM y
;;;
.id <- x.id IDENTITY plain
.id <- y.id IDENTITY plain
.a <- x.a IDENTITY plain
.b <- y.b IDENTITY plain
columns: id, a, b
===
-- case: insert by name
-- dialect: duckdb
-- schema: tgt(a, b, c)
INSERT INTO tgt BY NAME SELECT z AS c, y AS a FROM src
;;;
tgt.c <- src.z IDENTITY plain
tgt.a <- src.y IDENTITY plain
===
-- case: read_csv and copy to parquet
-- dialect: duckdb
COPY (SELECT id, email FROM read_csv('in/users.csv', header = true) WHERE ok) TO 'out/users.parquet' (FORMAT parquet)
;;;
out/users.parquet.id <- in/users.csv.id IDENTITY plain
out/users.parquet.email <- in/users.csv.email IDENTITY plain
out/users.parquet <- in/users.csv.ok FILTER
inputs: in/users.csv
outputs: out/users.parquet
===
-- case: file as a table
-- dialect: duckdb
SELECT u.id, e.kind FROM 'lake/users/*.parquet' u JOIN 's3://b/events.json' e ON e.user_id = u.id
;;;
.id <- lake/users/*.parquet.id IDENTITY plain
.kind <- s3://b/events.json.kind IDENTITY plain
* <- s3://b/events.json.user_id JOIN
* <- lake/users/*.parquet.id JOIN
===
-- case: struct and list
-- dialect: duckdb
-- schema: t(id, tags, u STRUCT(email VARCHAR, name VARCHAR))
SELECT id, u.email, unnest(tags) AS tag, {'k': u.name} AS s FROM t
;;;
.id <- t.id IDENTITY plain
.email <- t.u.email IDENTITY plain
.tag <- t.tags TRANSFORMATION plain
.s <- t.u.name TRANSFORMATION plain
===
-- case: list comprehension and lambda
-- dialect: duckdb
SELECT id, [x * factor FOR x IN scores IF x > cutoff] AS scaled, list_transform(tags, t -> upper(t)) AS up FROM r
;;;
.id <- r.id IDENTITY plain
.scaled <- r.scores TRANSFORMATION plain
.scaled <- r.factor TRANSFORMATION plain
.scaled <- r.cutoff CONDITIONAL
.up <- r.tags TRANSFORMATION plain
===
-- case: asof join
-- dialect: duckdb
SELECT t.symbol, t.qty, q.price FROM trades t ASOF JOIN quotes q ON t.symbol = q.symbol AND t.at >= q.at
;;;
.symbol <- trades.symbol IDENTITY plain
.qty <- trades.qty IDENTITY plain
.price <- quotes.price IDENTITY plain
* <- trades.symbol JOIN
* <- quotes.symbol JOIN
* <- trades.at JOIN
* <- quotes.at JOIN
===
-- case: pivot statement
-- dialect: duckdb
-- schema: cities(country, year, population)
PIVOT cities ON year IN (2000, 2010) USING sum(population) GROUP BY country
;;;
.country <- cities.country IDENTITY plain
.2000 <- cities.population AGGREGATION aggregated
.2000 <- cities.year CONDITIONAL
.2010 <- cities.population AGGREGATION aggregated
.2010 <- cities.year CONDITIONAL
* <- cities.country GROUP_BY
===
-- case: unpivot statement
-- dialect: duckdb
-- schema: monthly(id, jan, feb)
UNPIVOT monthly ON jan, feb INTO NAME month VALUE sales
;;;
.id <- monthly.id IDENTITY plain
.sales <- monthly.jan IDENTITY plain
.sales <- monthly.feb IDENTITY plain
* <- monthly.jan FILTER
* <- monthly.feb FILTER
columns: id, month, sales
===
-- case: arg_max and filter and qualify
-- dialect: duckdb
SELECT user_id, arg_max(status, at) AS last_status, count(*) FILTER (WHERE status = 'x') AS x
FROM log
GROUP BY user_id
QUALIFY row_number() OVER (ORDER BY max(at)) < 100
;;;
.user_id <- log.user_id IDENTITY plain
.last_status <- log.status AGGREGATION plain
.last_status <- log.at AGGREGATION derived
.x <- log.* AGGREGATION aggregated
.x <- log.status CONDITIONAL
* <- log.user_id GROUP_BY
* <- log.at FILTER
===
-- case: lateral alias in where
-- dialect: duckdb
SELECT price * qty AS gross FROM lines WHERE gross > 10
;;;
.gross <- lines.price TRANSFORMATION plain
.gross <- lines.qty TRANSFORMATION plain
* <- lines.price FILTER
* <- lines.qty FILTER
===
-- case: semi and anti join
-- dialect: duckdb
SELECT a.id FROM a SEMI JOIN b ON a.id = b.a_id ANTI JOIN c ON a.id = c.a_id
;;;
.id <- a.id IDENTITY plain
* <- a.id JOIN
* <- b.a_id JOIN
* <- c.a_id JOIN
===
-- case: positional reference and sample
-- dialect: duckdb
SELECT id, email FROM users USING SAMPLE 10% ORDER BY 2
;;;
.id <- users.id IDENTITY plain
.email <- users.email IDENTITY plain
* <- users.email SORT
===
-- case: macro body is not run
-- dialect: duckdb
CREATE OR REPLACE TABLE t2 AS SELECT id, email_domain(email) AS domain FROM users
;;;
t2.id <- users.id IDENTITY plain
t2.domain <- users.email TRANSFORMATION unknown
events: replace t2
===
-- case: notebook pipeline
-- dialect: duckdb
-- schema: raw_trips(trip_id, vendor, pickup_at, dropoff_at, pu_zone, do_zone, fare, tip, passengers, card_no); zones(zone_id, borough, name)
CREATE OR REPLACE TEMP TABLE trips AS
SELECT * EXCLUDE (card_no),
       sha256(card_no)                               AS card_key,
       date_diff('minute', pickup_at, dropoff_at)    AS minutes,
       tip / nullif(fare, 0)                         AS tip_rate
FROM raw_trips
WHERE fare > 0 AND pickup_at < dropoff_at;

CREATE OR REPLACE TEMP VIEW enriched AS
FROM trips t
JOIN zones pu ON pu.zone_id = t.pu_zone
JOIN zones dz ON dz.zone_id = t.do_zone
SELECT t.trip_id, t.card_key, t.minutes, t.tip_rate, t.fare, t.pickup_at,
       pu.borough AS from_borough, dz.borough AS to_borough;

CREATE OR REPLACE TABLE mart_flows AS
SELECT from_borough, to_borough,
       date_trunc('hour', pickup_at) AS hour,
       count(*) AS trips,
       count(DISTINCT card_key) AS cards,
       median(minutes) AS med_minutes,
       quantile_cont(tip_rate, 0.9) AS tip_p90,
       list(trip_id ORDER BY fare DESC)[1:3] AS top_trips
FROM enriched
GROUP BY ALL
HAVING trips > 10;
;;;
mart_flows.from_borough <- zones.borough IDENTITY plain
mart_flows.to_borough <- zones.borough IDENTITY plain
mart_flows.hour <- raw_trips.pickup_at TRANSFORMATION plain
mart_flows.cards <- raw_trips.card_no AGGREGATION aggregated
mart_flows.med_minutes <- raw_trips.pickup_at AGGREGATION aggregated
mart_flows.med_minutes <- raw_trips.dropoff_at AGGREGATION aggregated
mart_flows.tip_p90 <- raw_trips.tip AGGREGATION aggregated
mart_flows.tip_p90 <- raw_trips.fare AGGREGATION aggregated
mart_flows.tip_p90 <- raw_trips.fare CONDITIONAL
mart_flows.top_trips <- raw_trips.trip_id AGGREGATION plain
mart_flows.top_trips <- raw_trips.fare WINDOW
mart_flows <- raw_trips.fare FILTER
mart_flows <- raw_trips.pickup_at FILTER
mart_flows <- raw_trips.dropoff_at FILTER
mart_flows <- zones.zone_id JOIN
mart_flows <- raw_trips.pu_zone JOIN
mart_flows <- raw_trips.do_zone JOIN
mart_flows <- zones.borough GROUP_BY
mart_flows <- raw_trips.pickup_at GROUP_BY
inputs: raw_trips, zones
outputs: mart_flows

===
-- case: a name that one of two stars may hold is not given to the table beside them
-- dialect: duckdb
-- problems: 1
SELECT s FROM t3 JOIN (SELECT * FROM t2, t1) USING (a)
;;;
.s <- .s IDENTITY plain
* <- t3.a JOIN
===
-- case: a qualified name behind several stars
-- dialect: duckdb
-- problems: 1
SELECT x.s FROM (SELECT * FROM t2, t1) x
;;;
.s <- .s IDENTITY plain
