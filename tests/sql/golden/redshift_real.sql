-- case: stored procedure with staging
-- dialect: redshift
-- schema: stage.clicks(id, user_id, url, ts, ip); mart.clicks(id, user_id, path, day, ip_key)
CREATE OR REPLACE PROCEDURE mart.sp_clicks(d DATE)
AS $$
BEGIN
  CREATE TEMP TABLE c1 DISTKEY(id) AS
  SELECT id, user_id,
         SPLIT_PART(REGEXP_REPLACE(url, '^https?://[^/]+', ''), '?', 1) AS path,
         TRUNC(ts) AS day,
         SHA2(ip, 256) AS ip_key,
         ROW_NUMBER() OVER (PARTITION BY id ORDER BY ts) AS rn
  FROM stage.clicks
  WHERE ts >= d AND ts < DATEADD(day, 1, d);

  DELETE FROM mart.clicks USING c1 WHERE mart.clicks.id = c1.id;

  INSERT INTO mart.clicks
  SELECT id, user_id, path, day, ip_key FROM c1 WHERE rn = 1;

  DROP TABLE c1;
END;
$$ LANGUAGE plpgsql;
;;;
mart.clicks <- mart.clicks.id FILTER
mart.clicks <- stage.clicks.id FILTER
mart.clicks <- stage.clicks.ts FILTER
mart.clicks.id <- stage.clicks.id IDENTITY plain
mart.clicks.user_id <- stage.clicks.user_id IDENTITY plain
mart.clicks.path <- stage.clicks.url TRANSFORMATION plain
mart.clicks.day <- stage.clicks.ts TRANSFORMATION plain
mart.clicks.ip_key <- stage.clicks.ip TRANSFORMATION pseudonymised
outputs: mart.clicks
===
-- case: median and ratio over spectrum data
-- dialect: redshift
-- schema: spectrum.rides(ride_id, driver_id, city_id, fare, tip, started_at, dt); public.drivers(driver_id, full_name, phone, joined); public.cities(city_id, name, tz)
select ci.name                                                              as city,
       d.driver_id,
       left(d.full_name, 1) || '. ' || split_part(d.full_name, ' ', 2)      as driver,
       '***' || right(d.phone, 3)                                           as phone_tail,
       date_trunc('month', convert_timezone(ci.tz, r.started_at))::date     as month,
       count(distinct r.ride_id)                                            as rides,
       sum(r.fare + nvl(r.tip, 0))                                          as gross,
       median(r.fare)                                                       as med_fare,
       ratio_to_report(sum(r.fare)) over (partition by ci.name)             as share
from spectrum.rides r
join public.drivers d on d.driver_id = r.driver_id
join public.cities ci on ci.city_id = r.city_id
where r.dt between to_char(dateadd(month, -6, current_date), 'YYYYMMDD') and to_char(current_date, 'YYYYMMDD')
  and r.fare > 0
  and d.joined < '2024-01-01'
group by 1, 2, 3, 4, 5, ci.name
having count(distinct r.ride_id) >= 20
;;;
.city <- public.cities.name IDENTITY plain
.driver_id <- public.drivers.driver_id IDENTITY plain
.driver <- public.drivers.full_name TRANSFORMATION plain
.phone_tail <- public.drivers.phone TRANSFORMATION plain
.month <- public.cities.tz TRANSFORMATION derived
.month <- spectrum.rides.started_at TRANSFORMATION plain
.rides <- spectrum.rides.ride_id AGGREGATION aggregated
.gross <- spectrum.rides.fare AGGREGATION aggregated
.gross <- spectrum.rides.tip AGGREGATION aggregated
.gross <- spectrum.rides.tip CONDITIONAL
.med_fare <- spectrum.rides.fare AGGREGATION aggregated
.share <- spectrum.rides.fare AGGREGATION aggregated
.share <- public.cities.name WINDOW
* <- public.drivers.driver_id JOIN
* <- spectrum.rides.driver_id JOIN
* <- public.cities.city_id JOIN
* <- spectrum.rides.city_id JOIN
* <- spectrum.rides.dt FILTER
* <- spectrum.rides.fare FILTER
* <- public.drivers.joined FILTER
* <- public.cities.name GROUP_BY
* <- public.drivers.driver_id GROUP_BY
* <- public.drivers.full_name GROUP_BY
* <- public.drivers.phone GROUP_BY
* <- public.cities.tz GROUP_BY
* <- spectrum.rides.started_at GROUP_BY
* <- spectrum.rides.ride_id FILTER
===
-- case: cte column named by its cast
-- dialect: redshift
WITH x AS (SELECT user_id::varchar, max(at), created_at::date FROM logins GROUP BY 1, 3)
SELECT user_id, max, created_at FROM x
;;;
.user_id <- logins.user_id TRANSFORMATION plain
.max <- logins.at AGGREGATION plain
.created_at <- logins.created_at TRANSFORMATION plain
* <- logins.user_id GROUP_BY
* <- logins.created_at GROUP_BY
===
-- case: pivot and unpivot
-- dialect: redshift
-- schema: quarters(shop, q1, q2)
SELECT shop, quarter, amount FROM quarters UNPIVOT (amount FOR quarter IN (q1, q2))
;;;
.shop <- quarters.shop IDENTITY plain
.amount <- quarters.q1 IDENTITY plain
.amount <- quarters.q2 IDENTITY plain
* <- quarters.q1 FILTER
* <- quarters.q2 FILTER
