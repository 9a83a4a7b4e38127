-- case: subscriber churn mart
-- dialect: oracle
-- schema: bss.subscriber(msisdn, cust_id, activation_dt, status_cd, tariff_id); bss.usage_d(msisdn, day_dt, mou, mb, sms); bss.payment(cust_id, pay_dt, amt); bss.tariff(tariff_id, nm, fee); bss.customer(cust_id, last_nm, first_nm, passport_no, birth_dt)
CREATE TABLE dm.churn_base
TABLESPACE dm_data
COMPRESS FOR QUERY HIGH
PARALLEL 16
AS
WITH usg AS (
  SELECT /*+ MATERIALIZE */ u.msisdn,
         SUM(u.mou) AS mou_90,
         SUM(u.mb) / 1024 AS gb_90,
         SUM(CASE WHEN u.day_dt >= TRUNC(SYSDATE) - 30 THEN u.mou END) AS mou_30,
         COUNT(DISTINCT u.day_dt) AS active_days
  FROM bss.usage_d u
  WHERE u.day_dt >= TRUNC(SYSDATE) - 90
  GROUP BY u.msisdn
),
pay AS (
  SELECT cust_id, amt AS last_amt, pay_dt AS last_dt
  FROM (SELECT p.*, ROW_NUMBER() OVER (PARTITION BY p.cust_id ORDER BY p.pay_dt DESC) rn FROM bss.payment p)
  WHERE rn = 1
)
SELECT s.msisdn,
       ORA_HASH(c.passport_no)                                       AS person_key,
       INITCAP(c.last_nm) || ' ' || SUBSTR(c.first_nm, 1, 1)         AS short_nm,
       FLOOR(MONTHS_BETWEEN(SYSDATE, c.birth_dt) / 12)               AS age,
       t.nm                                                          AS tariff,
       NVL(usg.mou_90, 0)                                            AS mou_90,
       ROUND(usg.gb_90, 1)                                           AS gb_90,
       CASE WHEN usg.mou_30 < usg.mou_90 / 6 THEN 'Y' ELSE 'N' END   AS declining,
       usg.active_days,
       pay.last_amt,
       TRUNC(SYSDATE) - TRUNC(pay.last_dt)                           AS days_since_pay,
       GREATEST(t.fee, NVL(pay.last_amt, 0))                         AS exposure
FROM bss.subscriber s
     INNER JOIN bss.customer c ON c.cust_id = s.cust_id
     LEFT OUTER JOIN usg ON usg.msisdn = s.msisdn
     LEFT OUTER JOIN pay ON pay.cust_id = s.cust_id
     LEFT OUTER JOIN bss.tariff t ON t.tariff_id = s.tariff_id
WHERE s.status_cd IN ('A', 'S')
  AND s.activation_dt < ADD_MONTHS(TRUNC(SYSDATE, 'MM'), -3)
;;;
dm.churn_base.msisdn <- bss.subscriber.msisdn IDENTITY plain
dm.churn_base.person_key <- bss.customer.passport_no TRANSFORMATION pseudonymised
dm.churn_base.short_nm <- bss.customer.last_nm TRANSFORMATION plain
dm.churn_base.short_nm <- bss.customer.first_nm TRANSFORMATION plain
dm.churn_base.age <- bss.customer.birth_dt TRANSFORMATION derived
dm.churn_base.tariff <- bss.tariff.nm IDENTITY plain
dm.churn_base.mou_90 <- bss.usage_d.mou AGGREGATION aggregated
dm.churn_base.mou_90 <- bss.usage_d.mou CONDITIONAL
dm.churn_base.gb_90 <- bss.usage_d.mb AGGREGATION aggregated
dm.churn_base.declining <- bss.usage_d.mou CONDITIONAL
dm.churn_base.declining <- bss.usage_d.day_dt CONDITIONAL
dm.churn_base.active_days <- bss.usage_d.day_dt AGGREGATION aggregated
dm.churn_base.last_amt <- bss.payment.amt IDENTITY plain
dm.churn_base.days_since_pay <- bss.payment.pay_dt TRANSFORMATION plain
dm.churn_base.exposure <- bss.tariff.fee TRANSFORMATION plain
dm.churn_base.exposure <- bss.payment.amt TRANSFORMATION plain
dm.churn_base.exposure <- bss.payment.amt CONDITIONAL
dm.churn_base <- bss.usage_d.day_dt FILTER
dm.churn_base <- bss.usage_d.msisdn GROUP_BY
dm.churn_base <- bss.payment.cust_id FILTER
dm.churn_base <- bss.payment.pay_dt FILTER
dm.churn_base <- bss.customer.cust_id JOIN
dm.churn_base <- bss.subscriber.cust_id JOIN
dm.churn_base <- bss.usage_d.msisdn JOIN
dm.churn_base <- bss.subscriber.msisdn JOIN
dm.churn_base <- bss.payment.cust_id JOIN
dm.churn_base <- bss.tariff.tariff_id JOIN
dm.churn_base <- bss.subscriber.tariff_id JOIN
dm.churn_base <- bss.subscriber.status_cd FILTER
dm.churn_base <- bss.subscriber.activation_dt FILTER
outputs: dm.churn_base
===
-- case: global temporary table and plsql block
-- dialect: oracle
-- schema: hr.emp(id, nm, sal, dept_id); gtt_raise(emp_id, new_sal)
BEGIN
  DELETE FROM gtt_raise;
  INSERT INTO gtt_raise (emp_id, new_sal)
  SELECT e.id, e.sal * 1.05 FROM hr.emp e WHERE e.dept_id = 10;
  UPDATE hr.emp t
     SET t.sal = (SELECT g.new_sal FROM gtt_raise g WHERE g.emp_id = t.id)
   WHERE EXISTS (SELECT NULL FROM gtt_raise g WHERE g.emp_id = t.id);
  COMMIT;
EXCEPTION
  WHEN OTHERS THEN
    ROLLBACK;
    RAISE;
END;
/
;;;
gtt_raise.emp_id <- hr.emp.id IDENTITY plain
gtt_raise.new_sal <- hr.emp.sal TRANSFORMATION plain
gtt_raise <- hr.emp.dept_id FILTER
hr.emp.sal <- gtt_raise.new_sal IDENTITY plain
hr.emp <- gtt_raise.emp_id FILTER
hr.emp <- hr.emp.id FILTER
outputs: gtt_raise, hr.emp
===
-- case: insert first with several targets
-- dialect: oracle
INSERT FIRST
  WHEN total > 1000 THEN INTO vip_orders (id, total) VALUES (order_id, total)
  ELSE INTO std_orders (id, total) VALUES (order_id, total)
SELECT o.order_id, SUM(l.price * l.qty) AS total
FROM orders o JOIN lines l ON l.order_id = o.order_id
GROUP BY o.order_id
;;;
vip_orders.id <- orders.order_id IDENTITY plain
vip_orders.total <- lines.price AGGREGATION aggregated
vip_orders.total <- lines.qty AGGREGATION aggregated
vip_orders <- lines.price FILTER
vip_orders <- lines.qty FILTER
vip_orders <- lines.order_id JOIN
vip_orders <- orders.order_id JOIN
vip_orders <- orders.order_id GROUP_BY
std_orders.id <- orders.order_id IDENTITY plain
std_orders.total <- lines.price AGGREGATION aggregated
std_orders.total <- lines.qty AGGREGATION aggregated
std_orders <- lines.price FILTER
std_orders <- lines.qty FILTER
std_orders <- lines.order_id JOIN
std_orders <- orders.order_id JOIN
std_orders <- orders.order_id GROUP_BY
