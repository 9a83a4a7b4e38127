-- case: database link
-- dialect: oracle
INSERT INTO local_emp (id, nm) SELECT e.id, e.nm FROM hr.emp@prod_link e WHERE e.active = 'Y'
;;;
local_emp.id <- hr.emp@prod_link.id IDENTITY plain
local_emp.nm <- hr.emp@prod_link.nm IDENTITY plain
local_emp <- hr.emp@prod_link.active FILTER
===
-- case: exchange partition
-- dialect: oracle
ALTER TABLE dw.sales EXCHANGE PARTITION p202401 WITH TABLE stage.sales_202401 INCLUDING INDEXES WITHOUT VALIDATION
;;;
dw.sales.* <- stage.sales_202401.* IDENTITY plain
outputs: dw.sales
===
-- case: private temporary table
-- dialect: oracle
CREATE PRIVATE TEMPORARY TABLE ora$ptt_x ON COMMIT PRESERVE DEFINITION AS SELECT id, nm FROM hr.emp;
INSERT INTO out_t (id, nm) SELECT id, UPPER(nm) FROM ora$ptt_x;
;;;
out_t.id <- hr.emp.id IDENTITY plain
out_t.nm <- hr.emp.nm TRANSFORMATION plain
outputs: out_t
===
-- case: delete with rowid dedup
-- dialect: oracle
DELETE FROM contacts a WHERE a.ROWID > (SELECT MIN(b.ROWID) FROM contacts b WHERE b.email = a.email)
;;;
contacts <- contacts.email FILTER
outputs: contacts
===
-- case: insert append hint with flashback
-- dialect: oracle
INSERT /*+ APPEND */ INTO snap (id, bal) SELECT id, bal FROM accounts AS OF TIMESTAMP (SYSTIMESTAMP - INTERVAL '1' HOUR) WHERE bal <> 0
;;;
snap.id <- accounts.id IDENTITY plain
snap.bal <- accounts.bal IDENTITY plain
snap <- accounts.bal FILTER
===
-- case: materialized view with options
-- dialect: oracle
CREATE MATERIALIZED VIEW mv_sales BUILD IMMEDIATE REFRESH FAST ON COMMIT ENABLE QUERY REWRITE AS
SELECT region, SUM(amount) AS amount, COUNT(*) AS cnt FROM sales GROUP BY region
;;;
mv_sales.region <- sales.region IDENTITY plain
mv_sales.amount <- sales.amount AGGREGATION aggregated
mv_sales.cnt <- sales.* AGGREGATION aggregated
mv_sales <- sales.region GROUP_BY
===
-- case: unpivot include nulls
-- dialect: oracle
-- schema: budget(dept, jan, feb)
SELECT dept, mon, amt FROM budget UNPIVOT INCLUDE NULLS (amt FOR mon IN (jan AS 'JAN', feb AS 'FEB'))
;;;
.dept <- budget.dept IDENTITY plain
.amt <- budget.jan IDENTITY plain
.amt <- budget.feb IDENTITY plain
===
-- case: q quotes and old join in a view
-- dialect: oracle
CREATE OR REPLACE FORCE VIEW v_x (k, txt) AS SELECT a.id, q'[it's; here]' || b.txt FROM a, b WHERE a.id = b.id (+)
;;;
v_x.k <- a.id IDENTITY plain
v_x.txt <- b.txt TRANSFORMATION plain
v_x <- a.id FILTER
v_x <- b.id FILTER
