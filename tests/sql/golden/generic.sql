-- case: nested derived tables
-- dialect: ansi
SELECT z.k, z.total
FROM (SELECT y.k, SUM(y.v) AS total FROM (SELECT x.a AS k, x.b * 2 AS v FROM base x WHERE x.c = 1) y GROUP BY y.k) z
WHERE z.total > 10
;;;
.k <- base.a IDENTITY plain
.total <- base.b AGGREGATION aggregated
* <- base.c FILTER
* <- base.a GROUP_BY
* <- base.b FILTER
===
-- case: qualified stars of two tables
-- dialect: ansi
-- schema: a(id, x); b(id, y)
SELECT b.*, a.x FROM a INNER JOIN b ON a.id = b.id
;;;
.id <- b.id IDENTITY plain
.y <- b.y IDENTITY plain
.x <- a.x IDENTITY plain
* <- a.id JOIN
* <- b.id JOIN
===
-- case: star of an unknown table
-- dialect: ansi
SELECT * FROM mystery WHERE k = 1
;;;
.* <- mystery.* IDENTITY plain
* <- mystery.k FILTER
===
-- case: star through a cte of an unknown table
-- dialect: ansi
WITH m AS (SELECT * FROM mystery) SELECT id, UPPER(name) AS name FROM m
;;;
.id <- mystery.id IDENTITY plain
.name <- mystery.name TRANSFORMATION plain
===
-- case: a partial schema helps
-- dialect: ansi
-- schema: a(id, x)
SELECT x, y FROM a JOIN b ON a.id = b.id
;;;
.x <- a.x IDENTITY plain
.y <- b.y IDENTITY plain
* <- a.id JOIN
* <- b.id JOIN
===
-- case: ambiguous column is kept unresolved
-- dialect: ansi
-- problems: 1
SELECT who FROM a JOIN b ON a.id = b.id
;;;
.who <- .who IDENTITY plain
* <- a.id JOIN
* <- b.id JOIN
===
-- case: union distinct of three
-- dialect: ansi
SELECT a FROM t1 UNION SELECT b FROM t2 UNION SELECT c FROM t3
;;;
.a <- t1.a IDENTITY plain
.a <- t2.b IDENTITY plain
.a <- t3.c IDENTITY plain
* <- t1.a GROUP_BY
* <- t2.b GROUP_BY
* <- t3.c GROUP_BY
===
-- case: intersect
-- dialect: ansi
SELECT id FROM a INTERSECT SELECT id FROM b
;;;
.id <- a.id IDENTITY plain
.id <- b.id IDENTITY plain
* <- a.id GROUP_BY
* <- b.id GROUP_BY
===
-- case: cte shadows a table
-- dialect: ansi
WITH orders AS (SELECT id, amount FROM raw.orders WHERE ok = 1) SELECT id, amount FROM orders
;;;
.id <- raw.orders.id IDENTITY plain
.amount <- raw.orders.amount IDENTITY plain
* <- raw.orders.ok FILTER
inputs: raw.orders
===
-- case: a cte reads a table of its own name
-- dialect: ansi
WITH orders AS (SELECT id, amount FROM orders WHERE ok = 1) SELECT id FROM orders
;;;
.id <- orders.id IDENTITY plain
* <- orders.ok FILTER
===
-- case: an inner cte shadows an outer one
-- dialect: ansi
WITH x AS (SELECT a FROM t1) SELECT s.a, x.a AS outer_a FROM (WITH x AS (SELECT b AS a FROM t2) SELECT a FROM x) s CROSS JOIN x
;;;
.a <- t2.b IDENTITY plain
.outer_a <- t1.a IDENTITY plain
===
-- case: self join
-- dialect: ansi
SELECT e.name, m.name AS boss FROM emp e LEFT JOIN emp m ON m.id = e.manager_id
;;;
.name <- emp.name IDENTITY plain
.boss <- emp.name IDENTITY plain
* <- emp.id JOIN
* <- emp.manager_id JOIN
===
-- case: nested case and coalesce
-- dialect: ansi
SELECT CASE WHEN a > 0 THEN CASE b WHEN 1 THEN c ELSE d END ELSE COALESCE(e, f) END AS v FROM t
;;;
.v <- t.a CONDITIONAL
.v <- t.b CONDITIONAL
.v <- t.c TRANSFORMATION plain
.v <- t.d TRANSFORMATION plain
.v <- t.e TRANSFORMATION plain
.v <- t.e CONDITIONAL
.v <- t.f TRANSFORMATION plain
.v <- t.f CONDITIONAL
===
-- case: quantified comparison
-- dialect: ansi
SELECT p.id FROM products p WHERE p.price > ALL (SELECT q.price FROM products q WHERE q.kind = 'basic')
;;;
.id <- products.id IDENTITY plain
* <- products.price FILTER
* <- products.kind FILTER
===
-- case: constant columns have no inputs
-- dialect: ansi
SELECT 1 AS one, CURRENT_DATE AS today, NULL AS nothing, id FROM t
;;;
.id <- t.id IDENTITY plain
columns: one, today, nothing, id
===
-- case: insert with a column list in another order
-- dialect: ansi
-- schema: target(a, b, c)
INSERT INTO target (c, a) SELECT x, y FROM src
;;;
target.c <- src.x IDENTITY plain
target.a <- src.y IDENTITY plain
===
-- case: insert by position from a union
-- dialect: ansi
-- schema: target(a, b)
INSERT INTO target SELECT x, y FROM s1 UNION ALL SELECT y2, x2 FROM s2
;;;
target.a <- s1.x IDENTITY plain
target.b <- s1.y IDENTITY plain
target.a <- s2.y2 IDENTITY plain
target.b <- s2.x2 IDENTITY plain
===
-- case: insert default values and plain rows
-- dialect: ansi
INSERT INTO target (a, b) VALUES (1, (SELECT MAX(id) FROM src))
;;;
target.b <- src.id AGGREGATION plain
inputs: src
outputs: target
===
-- case: merge without a column list
-- dialect: ansi
-- schema: tgt(id, v, w)
MERGE INTO tgt t USING src s ON t.id = s.id
WHEN MATCHED THEN UPDATE SET v = s.v2
WHEN NOT MATCHED THEN INSERT VALUES (s.id, s.v2, s.w2)
;;;
tgt.id <- src.id IDENTITY plain
tgt.v <- src.v2 IDENTITY plain
tgt.w <- src.w2 IDENTITY plain
tgt <- tgt.id JOIN
tgt <- src.id JOIN
===
-- case: merge without known columns
-- dialect: ansi
MERGE INTO tgt t USING src s ON t.id = s.id WHEN NOT MATCHED THEN INSERT VALUES (s.id, s.v)
;;;
tgt.id <- src.id IDENTITY plain
tgt.v <- src.v IDENTITY plain
tgt <- tgt.id JOIN
tgt <- src.id JOIN
===
-- case: update with scalar subqueries
-- dialect: ansi
UPDATE emp SET salary = (SELECT AVG(p.salary) FROM peers p WHERE p.grade = emp.grade) * 1.02, note = 'adjusted' WHERE dept IN (SELECT code FROM depts WHERE poor = 1)
;;;
emp.salary <- peers.salary AGGREGATION aggregated
emp <- peers.grade FILTER
emp <- emp.grade FILTER
emp <- emp.dept FILTER
emp <- depts.code FILTER
emp <- depts.poor FILTER
outputs: emp
===
-- case: delete with a subquery
-- dialect: ansi
DELETE FROM carts WHERE NOT EXISTS (SELECT 1 FROM users WHERE users.id = carts.user_id)
;;;
carts <- users.id FILTER
carts <- carts.user_id FILTER
outputs: carts
===
-- case: truncate and drop
-- dialect: ansi
TRUNCATE TABLE a;
DROP TABLE IF EXISTS b;
;;;
events: truncate a; drop b
===
-- case: create view over a set operation
-- dialect: ansi
CREATE VIEW v (k, v) AS SELECT a, b FROM t1 UNION ALL SELECT c, d FROM t2 WHERE e = 1
;;;
v.k <- t1.a IDENTITY plain
v.k <- t2.c IDENTITY plain
v.v <- t1.b IDENTITY plain
v.v <- t2.d IDENTITY plain
v <- t2.e FILTER
===
-- case: window of an aggregate
-- dialect: ansi
SELECT dept, SUM(pay) AS pay, SUM(SUM(pay)) OVER (ORDER BY dept) AS running FROM payroll GROUP BY dept
;;;
.dept <- payroll.dept IDENTITY plain
.pay <- payroll.pay AGGREGATION aggregated
.running <- payroll.pay AGGREGATION aggregated
.running <- payroll.dept WINDOW
* <- payroll.dept GROUP_BY
===
-- case: parenthesised joins
-- dialect: ansi
SELECT a.x, b.y, c.z FROM a LEFT JOIN (b INNER JOIN c ON c.b_id = b.id) ON b.a_id = a.id
;;;
.x <- a.x IDENTITY plain
.y <- b.y IDENTITY plain
.z <- c.z IDENTITY plain
* <- c.b_id JOIN
* <- b.id JOIN
* <- b.a_id JOIN
* <- a.id JOIN
===
-- case: full join using feeds both keys on
-- dialect: ansi
-- schema: a(id, x); b(id, y); c(id, z)
SELECT id, x, y, z FROM a FULL JOIN b USING (id) LEFT JOIN c USING (id)
;;;
.id <- a.id IDENTITY plain
.id <- b.id IDENTITY plain
.id <- c.id IDENTITY plain
.x <- a.x IDENTITY plain
.y <- b.y IDENTITY plain
.z <- c.z IDENTITY plain
* <- a.id JOIN
* <- b.id JOIN
* <- c.id JOIN
===
-- case: two paths to one column keep the one that shows more
-- dialect: ansi
SELECT MD5(email) || LOWER(email) AS mixed FROM users
;;;
.mixed <- users.email TRANSFORMATION plain
===
-- case: a hash of a hash through two steps
-- dialect: ansi
WITH a AS (SELECT MD5(email) AS h FROM users), b AS (SELECT UPPER(h) AS h FROM a) SELECT COUNT(h) AS n, MAX(h) AS top FROM b
;;;
.n <- users.email AGGREGATION aggregated
.top <- users.email AGGREGATION pseudonymised
===
-- case: month end close by an accountant
-- dialect: ansi
-- schema: gl.journal(entry_id, account, period, debit, credit, entity, currency, posted_by, source); gl.accounts(account, parent, type, label); gl.fx(currency, period, rate); gl.budget(account, entity, period, amount)
SELECT
    CASE acc.type WHEN 'R' THEN 'Revenue' WHEN 'E' THEN 'Expense' ELSE 'Other' END AS section,
    COALESCE(par.label, acc.label) AS line,
    act.entity,
    act.period,
    act.amount AS actual,
    bud.amount AS budget,
    act.amount - bud.amount AS variance,
    CASE WHEN bud.amount = 0 THEN NULL ELSE (act.amount - bud.amount) / bud.amount END AS variance_pct,
    act.amount - LAG(act.amount, 12) OVER (PARTITION BY act.entity, act.account ORDER BY act.period) AS yoy,
    (SELECT COUNT(DISTINCT j2.posted_by)
       FROM gl.journal j2
      WHERE j2.account = act.account AND j2.period = act.period AND j2.source = 'MANUAL') AS manual_posters
FROM (
    SELECT j.account, j.entity, j.period,
           SUM((COALESCE(j.credit, 0) - COALESCE(j.debit, 0)) * fx.rate) AS amount
    FROM gl.journal j
    JOIN gl.fx fx ON fx.currency = j.currency AND fx.period = j.period
    WHERE j.period BETWEEN '2023-01' AND '2024-12'
    GROUP BY j.account, j.entity, j.period
) act
JOIN gl.accounts acc ON acc.account = act.account
LEFT JOIN gl.accounts par ON par.account = acc.parent
LEFT JOIN (
    SELECT account, entity, period, amount FROM gl.budget
    UNION ALL
    SELECT account, 'GROUP', period, SUM(amount) FROM gl.budget GROUP BY account, period
) bud ON bud.account = act.account AND bud.entity = act.entity AND bud.period = act.period
WHERE acc.type IN ('R', 'E')
ORDER BY section, line, act.period DESC
;;;
.section <- gl.accounts.type CONDITIONAL
.line <- gl.accounts.label TRANSFORMATION plain
.line <- gl.accounts.label CONDITIONAL
.entity <- gl.journal.entity IDENTITY plain
.period <- gl.journal.period IDENTITY plain
.actual <- gl.journal.credit AGGREGATION aggregated
.actual <- gl.journal.credit CONDITIONAL
.actual <- gl.journal.debit AGGREGATION aggregated
.actual <- gl.journal.debit CONDITIONAL
.actual <- gl.fx.rate AGGREGATION aggregated
.budget <- gl.budget.amount IDENTITY plain
.budget <- gl.budget.amount AGGREGATION aggregated
.variance <- gl.journal.credit AGGREGATION aggregated
.variance <- gl.journal.credit CONDITIONAL
.variance <- gl.journal.debit AGGREGATION aggregated
.variance <- gl.journal.debit CONDITIONAL
.variance <- gl.fx.rate AGGREGATION aggregated
.variance <- gl.budget.amount TRANSFORMATION plain
.variance <- gl.budget.amount AGGREGATION aggregated
.variance_pct <- gl.budget.amount CONDITIONAL
.variance_pct <- gl.journal.credit AGGREGATION aggregated
.variance_pct <- gl.journal.credit CONDITIONAL
.variance_pct <- gl.journal.debit AGGREGATION aggregated
.variance_pct <- gl.journal.debit CONDITIONAL
.variance_pct <- gl.fx.rate AGGREGATION aggregated
.variance_pct <- gl.budget.amount TRANSFORMATION plain
.variance_pct <- gl.budget.amount AGGREGATION aggregated
.yoy <- gl.journal.credit AGGREGATION aggregated
.yoy <- gl.journal.credit CONDITIONAL
.yoy <- gl.journal.debit AGGREGATION aggregated
.yoy <- gl.journal.debit CONDITIONAL
.yoy <- gl.fx.rate AGGREGATION aggregated
.yoy <- gl.journal.entity WINDOW
.yoy <- gl.journal.account WINDOW
.yoy <- gl.journal.period WINDOW
.manual_posters <- gl.journal.posted_by AGGREGATION aggregated
* <- gl.journal.account FILTER
* <- gl.journal.period FILTER
* <- gl.journal.source FILTER
* <- gl.fx.currency JOIN
* <- gl.journal.currency JOIN
* <- gl.fx.period JOIN
* <- gl.journal.period JOIN
* <- gl.journal.account GROUP_BY
* <- gl.journal.entity GROUP_BY
* <- gl.journal.period GROUP_BY
* <- gl.accounts.account JOIN
* <- gl.journal.account JOIN
* <- gl.accounts.parent JOIN
* <- gl.budget.account GROUP_BY
* <- gl.budget.period GROUP_BY
* <- gl.budget.account JOIN
* <- gl.budget.entity JOIN
* <- gl.journal.entity JOIN
* <- gl.budget.period JOIN
* <- gl.accounts.type FILTER
* <- gl.accounts.type SORT
* <- gl.accounts.label SORT
* <- gl.journal.period SORT
