-- case: days since a day tell the day
-- dialect: duckdb
SELECT date_diff('day', born, DATE '1970-01-01') AS days, date_diff('year', born, DATE '1970-01-01') AS years,
  date_diff('day', born, current_date) AS age, date_diff('day', born, hired) AS between_two FROM t
;;;
.days <- t.born TRANSFORMATION plain
.years <- t.born TRANSFORMATION derived
.age <- t.born TRANSFORMATION derived
.between_two <- t.born TRANSFORMATION derived
.between_two <- t.hired TRANSFORMATION derived
===
-- case: days since a day in mysql
-- dialect: mysql
SELECT to_days(born) AS a, datediff(born, '1970-01-01') AS b FROM t
;;;
.a <- t.born TRANSFORMATION plain
.b <- t.born TRANSFORMATION plain
===
-- case: hours since a day in tsql
-- dialect: tsql
SELECT DATEDIFF(hour, '1970-01-01', born) AS a, DATEDIFF(month, '1970-01-01', born) AS b FROM t
;;;
.a <- t.born TRANSFORMATION plain
.b <- t.born TRANSFORMATION derived
===
-- case: a date in three parts is the date
-- dialect: duckdb
SELECT year(born) * 10000 + month(born) * 100 + day(born) AS number, year(born) * 100 + month(born) AS month_number,
  year(born) || '-' || month(born) || '-' || extract(day FROM born) AS text, year(born) + month(hired) + day(born) AS mixed FROM t
;;;
.number <- t.born TRANSFORMATION plain
.month_number <- t.born TRANSFORMATION derived
.text <- t.born TRANSFORMATION plain
.mixed <- t.born TRANSFORMATION derived
.mixed <- t.hired TRANSFORMATION derived
===
-- case: what is decrypted at once was never hidden
-- dialect: clickhouse
SELECT decrypt('aes-256-gcm', encrypt('aes-256-gcm', email, 'k'), 'k') AS a, encrypt('aes-256-gcm', email, 'k') AS b FROM t
;;;
.a <- t.email TRANSFORMATION plain
.b <- t.email TRANSFORMATION pseudonymised
===
-- case: quantiles at the ends are values
-- dialect: duckdb
SELECT quantile_cont(pay, 1.0) AS a, quantile_cont(pay, 0.5) AS b, percentile_cont(0) WITHIN GROUP (ORDER BY pay) AS c FROM t
;;;
.a <- t.pay AGGREGATION plain
.b <- t.pay AGGREGATION aggregated
.c <- t.pay AGGREGATION plain
===
-- case: quantiles at the ends in trino
-- dialect: trino
SELECT approx_percentile(pay, 1.0) AS a, approx_percentile(pay, 0.9) AS b FROM t
;;;
.a <- t.pay AGGREGATION plain
.b <- t.pay AGGREGATION aggregated
===
-- case: quantiles at the ends in clickhouse
-- dialect: clickhouse
SELECT quantile(0)(pay) AS a, quantile(0.5)(pay) AS b FROM t
;;;
.a <- t.pay AGGREGATION plain
.b <- t.pay AGGREGATION aggregated
===
-- case: an aggregate of one row
-- dialect: postgres
SELECT sum(pay) OVER (ORDER BY hired ROWS BETWEEN CURRENT ROW AND CURRENT ROW) AS a FROM t
;;;
.a <- t.pay TRANSFORMATION plain
.a <- t.hired WINDOW
===
