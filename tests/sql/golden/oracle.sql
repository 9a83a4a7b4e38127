-- case: hierarchical query
-- dialect: oracle
SELECT LEVEL AS lvl, employee_id, SYS_CONNECT_BY_PATH(last_name, '/') AS path, CONNECT_BY_ROOT last_name AS boss
FROM employees
START WITH manager_id IS NULL
CONNECT BY PRIOR employee_id = manager_id
ORDER SIBLINGS BY last_name
;;;
.employee_id <- employees.employee_id IDENTITY plain
.path <- employees.last_name TRANSFORMATION plain
.boss <- employees.last_name TRANSFORMATION plain
* <- employees.manager_id FILTER
* <- employees.employee_id JOIN
* <- employees.manager_id JOIN
* <- employees.last_name SORT
===
-- case: old outer join
-- dialect: oracle
-- schema: emp(empno, ename, deptno); dept(deptno, dname)
SELECT e.ename, d.dname FROM emp e, dept d WHERE e.deptno = d.deptno(+) AND ROWNUM <= 10
;;;
.ename <- emp.ename IDENTITY plain
.dname <- dept.dname IDENTITY plain
* <- emp.deptno FILTER
* <- dept.deptno FILTER
===
-- case: decode nvl nvl2
-- dialect: oracle
SELECT DECODE(status, 'A', amount, 'B', amount * 2, 0) AS due,
       NVL(nick, name) AS display,
       NVL2(email, 'yes', 'no') AS reachable
FROM invoices
;;;
.due <- invoices.status CONDITIONAL
.due <- invoices.amount TRANSFORMATION plain
.display <- invoices.nick TRANSFORMATION plain
.display <- invoices.nick CONDITIONAL
.display <- invoices.name TRANSFORMATION plain
.display <- invoices.name CONDITIONAL
.reachable <- invoices.email CONDITIONAL
===
-- case: keep dense_rank
-- dialect: oracle
SELECT dept_id, MAX(salary) KEEP (DENSE_RANK LAST ORDER BY hired_at) AS newest_salary
FROM emp GROUP BY dept_id
;;;
.dept_id <- emp.dept_id IDENTITY plain
.newest_salary <- emp.salary AGGREGATION plain
.newest_salary <- emp.hired_at WINDOW
* <- emp.dept_id GROUP_BY
===
-- case: listagg and ratio
-- dialect: oracle
SELECT dept_id,
       LISTAGG(ename, ', ') WITHIN GROUP (ORDER BY ename) AS names,
       RATIO_TO_REPORT(SUM(sal)) OVER () AS share
FROM emp
GROUP BY dept_id
;;;
.dept_id <- emp.dept_id IDENTITY plain
.names <- emp.ename AGGREGATION plain
.names <- emp.ename WINDOW
.share <- emp.sal AGGREGATION aggregated
* <- emp.dept_id GROUP_BY
===
-- case: dual and sequence
-- dialect: oracle
INSERT INTO audit_log (id, at, who) SELECT audit_seq.NEXTVAL, SYSDATE, USER FROM dual
;;;
outputs: audit_log
===
-- case: pivot with aliases
-- dialect: oracle
-- schema: sales(region, quarter, amount)
SELECT *
FROM (SELECT region, quarter, amount FROM sales)
PIVOT (SUM(amount) AS total FOR quarter IN ('Q1' AS q1, 'Q2' AS q2))
;;;
.region <- sales.region IDENTITY plain
.q1_total <- sales.amount AGGREGATION aggregated
.q1_total <- sales.quarter CONDITIONAL
.q2_total <- sales.amount AGGREGATION aggregated
.q2_total <- sales.quarter CONDITIONAL
* <- sales.region GROUP_BY
columns: region, q1_total, q2_total
===
-- case: insert all
-- dialect: oracle
-- schema: orders(id, customer_id, amount, status); small_orders(oid, cid); big_orders(oid, amount)
INSERT ALL
  WHEN amount < 100 THEN INTO small_orders VALUES (id, customer_id)
  WHEN amount >= 100 THEN INTO big_orders (oid, amount) VALUES (id, amount)
SELECT id, customer_id, amount FROM orders WHERE status = 'open'
;;;
small_orders.oid <- orders.id IDENTITY plain
small_orders.cid <- orders.customer_id IDENTITY plain
small_orders <- orders.amount FILTER
big_orders.oid <- orders.id IDENTITY plain
big_orders.amount <- orders.amount IDENTITY plain
big_orders <- orders.amount FILTER
small_orders <- orders.status FILTER
big_orders <- orders.status FILTER
===
-- case: merge with delete clause
-- dialect: oracle
MERGE INTO bonuses b
USING (SELECT employee_id, salary, department_id FROM employees WHERE department_id = 80) e
ON (b.employee_id = e.employee_id)
WHEN MATCHED THEN
  UPDATE SET b.bonus = b.bonus + e.salary * 0.01
  DELETE WHERE (e.salary > 8000)
WHEN NOT MATCHED THEN
  INSERT (b.employee_id, b.bonus)
  VALUES (e.employee_id, e.salary * 0.1)
  WHERE (e.salary <= 8000)
;;;
bonuses.bonus <- bonuses.bonus TRANSFORMATION plain
bonuses.bonus <- employees.salary TRANSFORMATION plain
bonuses.employee_id <- employees.employee_id IDENTITY plain
bonuses <- employees.department_id FILTER
bonuses <- bonuses.employee_id JOIN
bonuses <- employees.employee_id JOIN
bonuses <- employees.salary FILTER
===
-- case: update of a correlated pair
-- dialect: oracle
UPDATE customers c
SET (c.last_order_at, c.order_count) = (
      SELECT MAX(o.created_at), COUNT(o.id) FROM orders o WHERE o.customer_id = c.id)
WHERE EXISTS (SELECT 1 FROM orders o2 WHERE o2.customer_id = c.id)
;;;
customers.last_order_at <- orders.created_at AGGREGATION plain
customers.order_count <- orders.id AGGREGATION aggregated
customers <- orders.customer_id FILTER
customers <- customers.id FILTER
===
-- case: update an inline view
-- dialect: oracle
-- schema: emp(empno, sal, deptno); raises(empno, pct)
UPDATE (SELECT e.sal AS sal, r.pct AS pct FROM emp e JOIN raises r ON r.empno = e.empno) v
SET v.sal = v.sal * (1 + v.pct)
;;;
emp.sal <- emp.sal TRANSFORMATION plain
emp.sal <- raises.pct TRANSFORMATION plain
emp <- raises.empno JOIN
emp <- emp.empno JOIN
outputs: emp
===
-- case: xmltable and json_table
-- dialect: oracle
SELECT o.id, jt.sku, jt.qty
FROM orders o,
     JSON_TABLE(o.doc, '$.lines[*]' COLUMNS (sku VARCHAR2(20) PATH '$.sku', qty NUMBER PATH '$.qty')) jt
;;;
.id <- orders.id IDENTITY plain
.sku <- orders.doc TRANSFORMATION plain @lines.sku
.qty <- orders.doc TRANSFORMATION plain @lines.qty
===
-- case: json_value
-- dialect: oracle
SELECT JSON_VALUE(doc, '$.customer.email') AS email FROM orders
;;;
.email <- orders.doc TRANSFORMATION plain @customer.email
===
-- case: recursive with and column list
-- dialect: oracle
-- schema: parts(id, parent_id, name)
WITH bom (id, root_name, depth) AS (
  SELECT id, name, 1 FROM parts WHERE parent_id IS NULL
  UNION ALL
  SELECT p.id, b.root_name, b.depth + 1 FROM parts p JOIN bom b ON p.parent_id = b.id
)
SELECT id, root_name FROM bom
;;;
.id <- parts.id IDENTITY plain
.root_name <- parts.name IDENTITY plain
* <- parts.parent_id FILTER
* <- parts.parent_id JOIN
* <- parts.id JOIN
===
-- case: minus
-- dialect: oracle
SELECT email FROM subscribers MINUS SELECT email FROM bounced WHERE hard = 'Y'
;;;
.email <- subscribers.email IDENTITY plain
* <- bounced.email FILTER
* <- bounced.hard FILTER
* <- subscribers.email GROUP_BY
===
-- case: match_recognize v shape
-- dialect: oracle
-- schema: ticker(symbol, tstamp, price)
SELECT symbol, start_at, bottom_price
FROM ticker
MATCH_RECOGNIZE (
  PARTITION BY symbol
  ORDER BY tstamp
  MEASURES strt.tstamp AS start_at, LAST(down.price) AS bottom_price
  ONE ROW PER MATCH
  PATTERN (strt down+ up+)
  DEFINE down AS down.price < PREV(down.price), up AS up.price > PREV(up.price)
) mr
;;;
.symbol <- ticker.symbol IDENTITY plain
.start_at <- ticker.tstamp IDENTITY plain
.bottom_price <- ticker.price AGGREGATION plain
* <- ticker.symbol GROUP_BY
* <- ticker.tstamp SORT
* <- ticker.price FILTER
===
-- case: ctas with hints and parallel
-- dialect: oracle
CREATE TABLE dw.cust_2024 PARALLEL 8 NOLOGGING AS
SELECT /*+ FULL(c) PARALLEL(c, 8) */ c.id, TRUNC(c.created_at) AS created_on, c.first_name || ' ' || c.last_name AS full_name
FROM crm.customers c
WHERE c.created_at >= DATE '2024-01-01'
;;;
dw.cust_2024.id <- crm.customers.id IDENTITY plain
dw.cust_2024.created_on <- crm.customers.created_at TRANSFORMATION plain
dw.cust_2024.full_name <- crm.customers.first_name TRANSFORMATION plain
dw.cust_2024.full_name <- crm.customers.last_name TRANSFORMATION plain
dw.cust_2024 <- crm.customers.created_at FILTER
===
-- case: claims report of an insurer
-- dialect: oracle
-- schema: ins.claims(claim_id, policy_id, claim_date, status_cd, reserve_amt, paid_amt, adjuster_id); ins.policies(policy_id, holder_id, product_cd, start_dt, end_dt, premium); ins.holders(holder_id, last_nm, first_nm, ssn, birth_dt, state_cd); ins.adjusters(adjuster_id, nm, region_cd); ref.codes(code_type, code, descr)
SELECT /*+ LEADING(c p) USE_HASH(h) */
       p.product_cd,
       st.descr                                                      AS status,
       NVL(a.region_cd, 'N/A')                                       AS region,
       STANDARD_HASH(h.ssn, 'SHA256')                                AS holder_key,
       h.last_nm || ', ' || SUBSTR(h.first_nm, 1, 1) || '.'          AS holder,
       TRUNC(MONTHS_BETWEEN(c.claim_date, h.birth_dt) / 12)          AS age_at_claim,
       SUM(c.reserve_amt + c.paid_amt)                               AS incurred,
       SUM(DECODE(c.status_cd, 'CL', c.paid_amt, 0))                 AS paid_closed,
       ROUND(SUM(c.paid_amt) / NULLIF(MAX(p.premium), 0), 4)         AS loss_ratio,
       DENSE_RANK() OVER (PARTITION BY p.product_cd ORDER BY SUM(c.paid_amt) DESC) AS rnk
FROM   ins.claims c,
       ins.policies p,
       ins.holders h,
       ins.adjusters a,
       (SELECT code, descr FROM ref.codes WHERE code_type = 'CLAIM_STATUS') st
WHERE  c.policy_id = p.policy_id
AND    p.holder_id = h.holder_id
AND    c.adjuster_id = a.adjuster_id (+)
AND    st.code = c.status_cd
AND    c.claim_date BETWEEN p.start_dt AND NVL(p.end_dt, SYSDATE)
AND    h.state_cd IN (SELECT x.code FROM ref.codes x WHERE x.code_type = 'ACTIVE_STATE')
GROUP BY p.product_cd, st.descr, NVL(a.region_cd, 'N/A'), h.ssn, h.last_nm, h.first_nm,
         TRUNC(MONTHS_BETWEEN(c.claim_date, h.birth_dt) / 12)
HAVING SUM(c.paid_amt) > 0
ORDER BY rnk, incurred DESC
;;;
.product_cd <- ins.policies.product_cd IDENTITY plain
.status <- ref.codes.descr IDENTITY plain
.region <- ins.adjusters.region_cd TRANSFORMATION plain
.region <- ins.adjusters.region_cd CONDITIONAL
.holder_key <- ins.holders.ssn TRANSFORMATION pseudonymised
.holder <- ins.holders.last_nm TRANSFORMATION plain
.holder <- ins.holders.first_nm TRANSFORMATION plain
.age_at_claim <- ins.claims.claim_date TRANSFORMATION derived
.age_at_claim <- ins.holders.birth_dt TRANSFORMATION derived
.incurred <- ins.claims.reserve_amt AGGREGATION aggregated
.incurred <- ins.claims.paid_amt AGGREGATION aggregated
.paid_closed <- ins.claims.status_cd CONDITIONAL
.paid_closed <- ins.claims.paid_amt AGGREGATION aggregated
.loss_ratio <- ins.claims.paid_amt AGGREGATION aggregated
.loss_ratio <- ins.policies.premium AGGREGATION plain
.loss_ratio <- ins.policies.premium CONDITIONAL
.rnk <- ins.policies.product_cd WINDOW
.rnk <- ins.claims.paid_amt WINDOW
* <- ref.codes.code_type FILTER
* <- ins.claims.policy_id FILTER
* <- ins.policies.policy_id FILTER
* <- ins.policies.holder_id FILTER
* <- ins.holders.holder_id FILTER
* <- ins.claims.adjuster_id FILTER
* <- ins.adjusters.adjuster_id FILTER
* <- ref.codes.code FILTER
* <- ins.claims.status_cd FILTER
* <- ins.claims.claim_date FILTER
* <- ins.policies.start_dt FILTER
* <- ins.policies.end_dt FILTER
* <- ins.holders.state_cd FILTER
* <- ins.policies.product_cd GROUP_BY
* <- ref.codes.descr GROUP_BY
* <- ins.adjusters.region_cd GROUP_BY
* <- ins.holders.ssn GROUP_BY
* <- ins.holders.last_nm GROUP_BY
* <- ins.holders.first_nm GROUP_BY
* <- ins.claims.claim_date GROUP_BY
* <- ins.holders.birth_dt GROUP_BY
* <- ins.claims.paid_amt FILTER
* <- ins.policies.product_cd SORT
* <- ins.claims.paid_amt SORT
* <- ins.claims.reserve_amt SORT
===
-- case: variable filled by SELECT INTO
-- dialect: oracle
DECLARE v NUMBER; n NUMBER := 0;
BEGIN
  SELECT max(sal), count(*) INTO v, n FROM emp WHERE dept = 10;
  INSERT INTO top_sal (sal, cnt, day) VALUES (v, n, SYSDATE);
END;
;;;
TOP_SAL.SAL <- EMP.SAL AGGREGATION plain
TOP_SAL.CNT <- EMP.* AGGREGATION aggregated
TOP_SAL <- EMP.DEPT FILTER
kinds: QUERY, INSERT
===
-- case: row variable and cursor loop
-- dialect: oracle
DECLARE
  CURSOR c IS SELECT id, upper(nm) AS nm FROM s WHERE ok = 1;
  rec emp%ROWTYPE;
BEGIN
  SELECT * INTO rec FROM emp WHERE id = 7;
  FOR r IN c LOOP
    INSERT INTO t (id, nm, sal) VALUES (r.id, r.nm, rec.sal);
  END LOOP;
END;
;;;
T.ID <- S.ID IDENTITY plain
T.NM <- S.NM TRANSFORMATION plain
T.SAL <- EMP.SAL IDENTITY plain
T <- S.OK FILTER
T <- EMP.ID FILTER
===
-- case: variable that something unseen fills
-- dialect: oracle
-- problems: 2
DECLARE v NUMBER;
BEGIN
  fill_it(v);
  INSERT INTO t (id) VALUES (v);
END;
;;;
t.id <- .v TRANSFORMATION unknown
outputs: T
===
-- case: parameters are values from outside, a number counts
-- dialect: oracle
CREATE PROCEDURE p (run_id IN NUMBER) AS
BEGIN
  FOR i IN 1..3 LOOP
    INSERT INTO log (run, step) VALUES (run_id, i);
  END LOOP;
END;
;;;
outputs: LOG
===
-- case: MODEL clause
-- dialect: oracle
-- problems: 1
SELECT country, prod, year, s
FROM sales_view WHERE country = 'DE'
MODEL RETURN UPDATED ROWS
  PARTITION BY (country) DIMENSION BY (prod, year) MEASURES (sale s)
  RULES UPSERT ITERATE (3) (s['Bounce', 2002] = s['Bounce', 2001] + s['Bounce', 2000])
ORDER BY prod
;;;
.COUNTRY <- SALES_VIEW.COUNTRY IDENTITY plain
.PROD <- SALES_VIEW.PROD IDENTITY plain
.YEAR <- SALES_VIEW.YEAR IDENTITY plain
.S <- SALES_VIEW.SALE IDENTITY plain
* <- SALES_VIEW.COUNTRY FILTER
* <- SALES_VIEW.PROD SORT
===
-- case: columns called like the words of MODEL
-- dialect: oracle
SELECT model, dimension, measures FROM t
;;;
.MODEL <- T.MODEL IDENTITY plain
.DIMENSION <- T.DIMENSION IDENTITY plain
.MEASURES <- T.MEASURES IDENTITY plain
===
