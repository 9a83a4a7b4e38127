-- case: bulk insert
-- dialect: tsql
BULK INSERT stage.People FROM 'C:\in\people.csv' WITH (FIELDTERMINATOR = ',', FIRSTROW = 2)
;;;
stage.people.* <- C:\in\people.csv.* IDENTITY plain
inputs: C:\in\people.csv
outputs: stage.people
===
-- case: switch partition
-- dialect: tsql
-- schema: stage.Sales(Id, Amount); dw.Sales(Id, Amount)
ALTER TABLE stage.Sales SWITCH PARTITION 1 TO dw.Sales PARTITION 1
;;;
dw.sales.id <- stage.sales.id IDENTITY plain
dw.sales.amount <- stage.sales.amount IDENTITY plain
outputs: dw.sales
===
-- case: sp_rename
-- dialect: tsql
SELECT Id, Name INTO dbo.People_new FROM src.People;
EXEC sp_rename 'dbo.People_new', 'People';
;;;
dbo.people.id <- src.people.id IDENTITY plain
dbo.people.name <- src.people.name IDENTITY plain
===
-- case: insert exec
-- dialect: tsql
-- problems: 1
INSERT INTO dbo.Result (A, B) EXEC dbo.usp_Report @From = '2024-01-01'
;;;
dbo.result.a <- .a TRANSFORMATION unknown
dbo.result.b <- .b TRANSFORMATION unknown
outputs: dbo.result
===
-- case: update top with output
-- dialect: tsql
UPDATE TOP (10) q SET q.State = 'busy', q.Worker = w.Name
OUTPUT inserted.Id, deleted.State
FROM dbo.Queue q CROSS JOIN dbo.Workers w
WHERE q.State = 'new' AND w.Idle = 1
;;;
dbo.queue.worker <- dbo.workers.name IDENTITY plain
dbo.queue <- dbo.queue.state FILTER
dbo.queue <- dbo.workers.idle FILTER
outputs: dbo.queue
===
-- case: delete with a join and no alias
-- dialect: tsql
DELETE dbo.Orders FROM dbo.Orders INNER JOIN dbo.Fraud ON dbo.Fraud.OrderId = dbo.Orders.Id WHERE dbo.Fraud.Score > 0.9
;;;
dbo.orders <- dbo.fraud.orderid JOIN
dbo.orders <- dbo.orders.id JOIN
dbo.orders <- dbo.fraud.score FILTER
outputs: dbo.orders
===
-- case: temporal and hinted tables
-- dialect: tsql
SELECT e.Id, e.Salary FROM hr.Emp FOR SYSTEM_TIME AS OF '2024-01-01' AS e WITH (INDEX(IX_1)) WHERE e.Dept = 3 OPTION (RECOMPILE)
;;;
.id <- hr.emp.id IDENTITY plain
.salary <- hr.emp.salary IDENTITY plain
* <- hr.emp.dept FILTER
===
-- case: create view with schemabinding
-- dialect: tsql
CREATE OR ALTER VIEW dbo.vActive WITH SCHEMABINDING AS
SELECT u.Id, CONCAT(u.First, ' ', u.Last) AS Name FROM dbo.Users AS u WHERE u.Active = 1 WITH CHECK OPTION
;;;
dbo.vactive.id <- dbo.users.id IDENTITY plain
dbo.vactive.name <- dbo.users.first TRANSFORMATION plain
dbo.vactive.name <- dbo.users.last TRANSFORMATION plain
dbo.vactive <- dbo.users.active FILTER
===
-- case: synapse ctas
-- dialect: tsql
CREATE TABLE dbo.FactSales_new WITH (DISTRIBUTION = HASH(Id), CLUSTERED COLUMNSTORE INDEX) AS
SELECT Id, Amount * 1.21 AS Gross FROM stage.Sales
;;;
dbo.factsales_new.id <- stage.sales.id IDENTITY plain
dbo.factsales_new.gross <- stage.sales.amount TRANSFORMATION plain
===
-- case: batches with go
-- dialect: tsql
USE Mart;
GO
TRUNCATE TABLE dbo.T;
GO
INSERT INTO dbo.T (A) SELECT B FROM dbo.S WHERE C = 1;
GO
;;;
mart.dbo.t.a <- mart.dbo.s.b IDENTITY plain
mart.dbo.t <- mart.dbo.s.c FILTER
outputs: mart.dbo.t
===
-- case: update with variable assignment
-- dialect: tsql
DECLARE @n int = 0;
UPDATE dbo.Lines SET @n = LineNo = @n + 1 WHERE OrderId = 5;
;;;
dbo.lines <- dbo.lines.orderid FILTER
outputs: dbo.lines
