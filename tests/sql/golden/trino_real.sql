-- case: lake health check with nested rows
-- dialect: trino
-- schema: lake.iot.msgs(device_id, payload ROW(meta ROW(fw varchar, owner varchar), readings ARRAY(ROW(k varchar, v double))), received, day); lake.ref.devices(device_id, customer, model)
CREATE TABLE lake.mart.health WITH (partitioned_by = ARRAY['day']) AS
WITH flat AS (
  SELECT m.device_id, m.payload.meta.fw AS fw, m.payload.meta.owner AS owner, r.k, r.v, m.received, m.day
  FROM lake.iot.msgs m
  CROSS JOIN UNNEST(m.payload.readings) AS r (k, v)
  WHERE m.day >= date '2024-01-01'
), last_seen AS (
  SELECT device_id, max(received) AS at, max_by(fw, received) AS fw FROM flat GROUP BY device_id
)
SELECT
  d.model,
  l.fw,
  count(DISTINCT f.device_id) AS devices,
  approx_percentile(f.v, 0.5) FILTER (WHERE f.k = 'temp') AS temp_p50,
  avg(IF(f.k = 'volt', f.v)) AS volt,
  arbitrary(xxhash64(to_utf8(f.owner))) AS some_owner,
  date_diff('hour', max(l.at), current_timestamp) AS silence,
  f.day
FROM flat f
JOIN last_seen l USING (device_id)
JOIN lake.ref.devices d ON d.device_id = f.device_id
GROUP BY d.model, l.fw, f.day
;;;
lake.mart.health.model <- lake.ref.devices.model IDENTITY plain
lake.mart.health.fw <- lake.iot.msgs.payload.meta.fw AGGREGATION plain
lake.mart.health.fw <- lake.iot.msgs.received AGGREGATION derived
lake.mart.health.devices <- lake.iot.msgs.device_id AGGREGATION aggregated
lake.mart.health.temp_p50 <- lake.iot.msgs.payload.readings AGGREGATION aggregated
lake.mart.health.temp_p50 <- lake.iot.msgs.payload.readings CONDITIONAL
lake.mart.health.volt <- lake.iot.msgs.payload.readings AGGREGATION aggregated
lake.mart.health.volt <- lake.iot.msgs.payload.readings CONDITIONAL
lake.mart.health.some_owner <- lake.iot.msgs.payload.meta.owner AGGREGATION pseudonymised
lake.mart.health.silence <- lake.iot.msgs.received AGGREGATION derived
lake.mart.health.day <- lake.iot.msgs.day IDENTITY plain
lake.mart.health <- lake.iot.msgs.day FILTER
lake.mart.health <- lake.iot.msgs.device_id GROUP_BY
lake.mart.health <- lake.iot.msgs.device_id JOIN
lake.mart.health <- lake.ref.devices.device_id JOIN
lake.mart.health <- lake.ref.devices.model GROUP_BY
lake.mart.health <- lake.iot.msgs.payload.meta.fw GROUP_BY
lake.mart.health <- lake.iot.msgs.received GROUP_BY
lake.mart.health <- lake.iot.msgs.day GROUP_BY
inputs: lake.iot.msgs, lake.ref.devices
===
-- case: json_table
-- dialect: trino
SELECT o.id, j.sku FROM orders o, JSON_TABLE(o.doc, 'lax $.lines[*]' COLUMNS (sku VARCHAR PATH 'lax $.sku')) AS j
;;;
.id <- orders.id IDENTITY plain
.sku <- orders.doc TRANSFORMATION plain @lines.sku
===
-- case: table function over sequences
-- dialect: trino
SELECT s.n, o.amount FROM TABLE(sequence(1, 10)) AS s (n) JOIN orders o ON o.day_no = s.n
;;;
.amount <- orders.amount IDENTITY plain
* <- orders.day_no JOIN
===
-- case: grouping sets with cube
-- dialect: trino
SELECT origin, dest, sum(weight) AS w FROM shipping GROUP BY CUBE (origin, dest)
;;;
.origin <- shipping.origin IDENTITY plain
.dest <- shipping.dest IDENTITY plain
.w <- shipping.weight AGGREGATION aggregated
* <- shipping.origin GROUP_BY
* <- shipping.dest GROUP_BY
===
-- case: system tables with a quoted name
-- dialect: trino
SELECT snapshot_id FROM iceberg.db."orders$snapshots" WHERE committed_at > current_date
;;;
.snapshot_id <- iceberg.db.orders$snapshots.snapshot_id IDENTITY plain
* <- iceberg.db.orders$snapshots.committed_at FILTER
