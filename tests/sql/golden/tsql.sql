-- case: cross apply with top
-- dialect: tsql
-- schema: dbo.Customers(Id, Name); dbo.Orders(Id, CustomerId, Amount, OrderDate)
SELECT c.[Name], o.Amount AS [Last Amount]
FROM [dbo].[Customers] AS c
CROSS APPLY (
    SELECT TOP (1) Amount FROM dbo.Orders WHERE CustomerId = c.Id ORDER BY OrderDate DESC
) AS o;
;;;
.name <- dbo.customers.name IDENTITY plain
.last amount <- dbo.orders.amount IDENTITY plain
* <- dbo.orders.customerid FILTER
* <- dbo.customers.id FILTER
* <- dbo.orders.orderdate SORT
===
-- case: alias by equals sign
-- dialect: tsql
SELECT FullName = FirstName + ' ' + LastName, Years = DATEDIFF(year, BirthDate, GETDATE())
FROM dbo.People WITH (NOLOCK)
WHERE IsActive = 1
;;;
.fullname <- dbo.people.firstname TRANSFORMATION plain
.fullname <- dbo.people.lastname TRANSFORMATION plain
.years <- dbo.people.birthdate TRANSFORMATION derived
* <- dbo.people.isactive FILTER
===
-- case: iif isnull and convert
-- dialect: tsql
SELECT IIF(Score >= 50, 'pass', 'fail') AS Result,
       ISNULL(Nick, Name) AS Display,
       CONVERT(date, CreatedAt, 112) AS CreatedOn,
       TRY_CAST(Raw AS int) AS RawInt,
       HASHBYTES('SHA2_256', Email) AS EmailHash
FROM dbo.Students
;;;
.result <- dbo.students.score CONDITIONAL
.display <- dbo.students.nick TRANSFORMATION plain
.display <- dbo.students.nick CONDITIONAL
.display <- dbo.students.name TRANSFORMATION plain
.display <- dbo.students.name CONDITIONAL
.createdon <- dbo.students.createdat TRANSFORMATION plain
.rawint <- dbo.students.raw TRANSFORMATION plain
.emailhash <- dbo.students.email TRANSFORMATION pseudonymised
===
-- case: openjson with a schema
-- dialect: tsql
-- schema: dbo.Inbox(Id, Body)
SELECT i.Id, j.Sku, j.Qty
FROM dbo.Inbox i
CROSS APPLY OPENJSON(i.Body, '$.lines') WITH (Sku varchar(20) '$.sku', Qty int '$.qty') AS j
;;;
.id <- dbo.inbox.id IDENTITY plain
.sku <- dbo.inbox.body TRANSFORMATION plain @lines.sku
.qty <- dbo.inbox.body TRANSFORMATION plain @lines.qty
===
-- case: json_value
-- dialect: tsql
SELECT JSON_VALUE(Body, '$.customer.email') AS Email FROM dbo.Inbox WHERE JSON_VALUE(Body, '$.kind') = 'order'
;;;
.email <- dbo.inbox.body TRANSFORMATION plain @customer.email
* <- dbo.inbox.body FILTER @kind
===
-- case: string_split
-- dialect: tsql
SELECT p.Id, s.value AS Tag FROM dbo.Posts p CROSS APPLY STRING_SPLIT(p.Tags, ',') s
;;;
.id <- dbo.posts.id IDENTITY plain
.tag <- dbo.posts.tags TRANSFORMATION plain
===
-- case: pivot
-- dialect: tsql
-- schema: dbo.Sales(Region, Quarter, Amount)
SELECT Region, [Q1], [Q2]
FROM (SELECT Region, Quarter, Amount FROM dbo.Sales) AS s
PIVOT (SUM(Amount) FOR Quarter IN ([Q1], [Q2])) AS p
;;;
.region <- dbo.sales.region IDENTITY plain
.q1 <- dbo.sales.amount AGGREGATION aggregated
.q1 <- dbo.sales.quarter CONDITIONAL
.q2 <- dbo.sales.amount AGGREGATION aggregated
.q2 <- dbo.sales.quarter CONDITIONAL
* <- dbo.sales.region GROUP_BY
===
-- case: unpivot
-- dialect: tsql
-- schema: dbo.Budget(Dept, Jan, Feb)
SELECT Dept, Month, Amount
FROM dbo.Budget
UNPIVOT (Amount FOR Month IN (Jan, Feb)) AS u
;;;
.dept <- dbo.budget.dept IDENTITY plain
.amount <- dbo.budget.jan IDENTITY plain
.amount <- dbo.budget.feb IDENTITY plain
* <- dbo.budget.jan FILTER
* <- dbo.budget.feb FILTER
===
-- case: string_agg within group
-- dialect: tsql
SELECT Dept, STRING_AGG(Name, ';') WITHIN GROUP (ORDER BY HiredAt) AS Names
FROM hr.Staff GROUP BY Dept
;;;
.dept <- hr.staff.dept IDENTITY plain
.names <- hr.staff.name AGGREGATION plain
.names <- hr.staff.hiredat WINDOW
* <- hr.staff.dept GROUP_BY
===
-- case: select into temp and back
-- dialect: tsql
SELECT CustomerId, SUM(Amount) AS Total
INTO #totals
FROM dbo.Orders
WHERE Status = 'P'
GROUP BY CustomerId;

INSERT INTO mart.Totals (CustomerId, Name, Total)
SELECT c.Id, c.Name, t.Total
FROM #totals t
INNER JOIN dbo.Customers c ON c.Id = t.CustomerId;

DROP TABLE #totals;
;;;
mart.totals.customerid <- dbo.customers.id IDENTITY plain
mart.totals.name <- dbo.customers.name IDENTITY plain
mart.totals.total <- dbo.orders.amount AGGREGATION aggregated
mart.totals <- dbo.orders.status FILTER
mart.totals <- dbo.orders.customerid GROUP_BY
mart.totals <- dbo.customers.id JOIN
mart.totals <- dbo.orders.customerid JOIN
inputs: dbo.orders, dbo.customers
outputs: mart.totals
===
-- case: update through an alias in from
-- dialect: tsql
UPDATE t
SET t.Price = s.Price * (1 - ISNULL(s.Discount, 0)),
    t.UpdatedAt = SYSUTCDATETIME()
FROM shop.Products AS t
INNER JOIN stage.Products AS s ON s.Sku = t.Sku
LEFT JOIN ref.Blocked b ON b.Sku = t.Sku
WHERE b.Sku IS NULL AND t.Price <> s.Price
;;;
shop.products.price <- stage.products.price TRANSFORMATION plain
shop.products.price <- stage.products.discount TRANSFORMATION plain
shop.products.price <- stage.products.discount CONDITIONAL
shop.products <- stage.products.sku JOIN
shop.products <- shop.products.sku JOIN
shop.products <- ref.blocked.sku JOIN
shop.products <- ref.blocked.sku FILTER
shop.products <- shop.products.price FILTER
shop.products <- stage.products.price FILTER
outputs: shop.products
===
-- case: delete through an alias in from
-- dialect: tsql
DELETE o
FROM dbo.Orders AS o
JOIN dbo.Customers c ON c.Id = o.CustomerId
WHERE c.IsTest = 1
;;;
dbo.orders <- dbo.customers.id JOIN
dbo.orders <- dbo.orders.customerid JOIN
dbo.orders <- dbo.customers.istest FILTER
outputs: dbo.orders
===
-- case: delete duplicates through a cte
-- dialect: tsql
-- schema: dbo.Contacts(Id, Email, CreatedAt)
WITH ranked AS (
    SELECT *, ROW_NUMBER() OVER (PARTITION BY Email ORDER BY CreatedAt DESC) AS rn FROM dbo.Contacts
)
DELETE FROM ranked WHERE rn > 1
;;;
dbo.contacts <- dbo.contacts.email FILTER
dbo.contacts <- dbo.contacts.createdat FILTER
outputs: dbo.contacts
===
-- case: update through a cte
-- dialect: tsql
-- schema: dbo.Leads(Id, OwnerId, Score, Rank)
;WITH scored AS (
    SELECT Id, Rank, ROW_NUMBER() OVER (ORDER BY Score DESC) AS NewRank FROM dbo.Leads
)
UPDATE scored SET Rank = NewRank
;;;
dbo.leads.rank <- dbo.leads.score WINDOW
outputs: dbo.leads
===
-- case: merge with output
-- dialect: tsql
MERGE INTO dim.Product WITH (HOLDLOCK) AS tgt
USING (SELECT Sku, MAX(Name) AS Name, AVG(Price) AS Price FROM stage.Product WHERE Valid = 1 GROUP BY Sku) AS src
   ON tgt.Sku = src.Sku
WHEN MATCHED AND (tgt.Name <> src.Name OR tgt.Price <> src.Price) THEN
    UPDATE SET tgt.Name = src.Name, tgt.Price = src.Price
WHEN NOT MATCHED BY TARGET THEN
    INSERT (Sku, Name, Price) VALUES (src.Sku, src.Name, src.Price)
WHEN NOT MATCHED BY SOURCE AND tgt.IsActive = 1 THEN
    UPDATE SET tgt.IsActive = 0
OUTPUT $action, inserted.Sku;
;;;
dim.product.sku <- stage.product.sku IDENTITY plain
dim.product.name <- stage.product.name AGGREGATION plain
dim.product.price <- stage.product.price AGGREGATION aggregated
dim.product <- stage.product.valid FILTER
dim.product <- stage.product.sku GROUP_BY
dim.product <- dim.product.sku JOIN
dim.product <- stage.product.sku JOIN
dim.product <- dim.product.name FILTER
dim.product <- stage.product.name FILTER
dim.product <- dim.product.price FILTER
dim.product <- stage.product.price FILTER
dim.product <- dim.product.isactive FILTER
===
-- case: insert with output into
-- dialect: tsql
DELETE FROM dbo.Queue
OUTPUT deleted.Id, deleted.Payload INTO dbo.QueueLog (QueueId, Payload)
WHERE State = 'done'
;;;
dbo.queue <- dbo.queue.state FILTER
dbo.queuelog.queueid <- dbo.queue.id IDENTITY plain
dbo.queuelog.payload <- dbo.queue.payload IDENTITY plain
dbo.queuelog <- dbo.queue.state FILTER
outputs: dbo.queue, dbo.queuelog
===
-- case: table variable
-- dialect: tsql
DECLARE @ids TABLE (Id int, Email nvarchar(200));
INSERT INTO @ids SELECT Id, Email FROM dbo.Users WHERE Country = 'NL';
SELECT i.Email, o.Amount FROM @ids i JOIN dbo.Orders o ON o.UserId = i.Id;
;;;
.email <- dbo.users.email IDENTITY plain
.amount <- dbo.orders.amount IDENTITY plain
* <- dbo.users.country FILTER
* <- dbo.orders.userid JOIN
* <- dbo.users.id JOIN
inputs: dbo.users, dbo.orders
outputs: -
===
-- case: for json and nested subquery
-- dialect: tsql
SELECT c.Id,
       (SELECT o.Id, o.Amount FROM dbo.Orders o WHERE o.CustomerId = c.Id FOR JSON PATH) AS Orders
FROM dbo.Customers c
;;;
.id <- dbo.customers.id IDENTITY plain
.orders <- dbo.orders.id TRANSFORMATION plain
.orders <- dbo.orders.amount TRANSFORMATION plain
* <- dbo.orders.customerid FILTER
* <- dbo.customers.id FILTER
===
-- case: nightly finance load
-- dialect: tsql
-- schema: erp.dbo.GLEntry(EntryNo, PostingDate, AccountNo, Amount, CurrencyCode, DocumentNo, DimensionSetId); erp.dbo.GLAccount(No, Name, IncomeBalance, Category); erp.dbo.DimensionSet(SetId, DimCode, DimValue); ref.FxRate(CurrencyCode, RateDate, Rate); dw.FactLedger(EntryNo, DateKey, AccountNo, AccountName, CostCenter, Project, AmountLcy, AmountEur, Side, LoadedAt)
SET NOCOUNT ON;
DECLARE @from date = DATEADD(day, -7, CAST(GETDATE() AS date));

IF OBJECT_ID('tempdb..#dims') IS NOT NULL DROP TABLE #dims;

SELECT
    SetId,
    MAX(CASE WHEN DimCode = 'COSTCENTER' THEN DimValue END) AS CostCenter,
    MAX(CASE WHEN DimCode = 'PROJECT' THEN DimValue END)    AS Project
INTO #dims
FROM erp.dbo.DimensionSet WITH (NOLOCK)
GROUP BY SetId;

CREATE CLUSTERED INDEX IX_dims ON #dims (SetId);

DELETE FROM dw.FactLedger WHERE DateKey >= CONVERT(int, CONVERT(varchar(8), @from, 112));

INSERT INTO dw.FactLedger
SELECT
    e.EntryNo,
    CONVERT(int, CONVERT(varchar(8), e.PostingDate, 112)),
    e.AccountNo,
    a.[Name],
    d.CostCenter,
    ISNULL(d.Project, 'NONE'),
    e.Amount,
    e.Amount * COALESCE(fx.Rate, 1.0),
    CASE WHEN e.Amount >= 0 THEN 'D' ELSE 'C' END,
    SYSUTCDATETIME()
FROM erp.dbo.GLEntry AS e
INNER JOIN erp.dbo.GLAccount AS a ON a.[No] = e.AccountNo
LEFT JOIN #dims AS d ON d.SetId = e.DimensionSetId
OUTER APPLY (
    SELECT TOP 1 r.Rate
    FROM ref.FxRate r
    WHERE r.CurrencyCode = e.CurrencyCode AND r.RateDate <= e.PostingDate
    ORDER BY r.RateDate DESC
) AS fx
WHERE e.PostingDate >= @from
  AND a.Category <> 9;

DROP TABLE #dims;
;;;
dw.factledger <- dw.factledger.datekey FILTER
dw.factledger.entryno <- erp.dbo.glentry.entryno IDENTITY plain
dw.factledger.datekey <- erp.dbo.glentry.postingdate TRANSFORMATION plain
dw.factledger.accountno <- erp.dbo.glentry.accountno IDENTITY plain
dw.factledger.accountname <- erp.dbo.glaccount.name IDENTITY plain
dw.factledger.costcenter <- erp.dbo.dimensionset.dimvalue AGGREGATION plain
dw.factledger.costcenter <- erp.dbo.dimensionset.dimcode CONDITIONAL
dw.factledger.project <- erp.dbo.dimensionset.dimvalue AGGREGATION plain
dw.factledger.project <- erp.dbo.dimensionset.dimcode CONDITIONAL
dw.factledger.project <- erp.dbo.dimensionset.dimvalue CONDITIONAL
dw.factledger.amountlcy <- erp.dbo.glentry.amount IDENTITY plain
dw.factledger.amounteur <- erp.dbo.glentry.amount TRANSFORMATION plain
dw.factledger.amounteur <- ref.fxrate.rate TRANSFORMATION plain
dw.factledger.amounteur <- ref.fxrate.rate CONDITIONAL
dw.factledger.side <- erp.dbo.glentry.amount CONDITIONAL
dw.factledger <- erp.dbo.dimensionset.setid GROUP_BY
dw.factledger <- erp.dbo.glaccount.no JOIN
dw.factledger <- erp.dbo.glentry.accountno JOIN
dw.factledger <- erp.dbo.dimensionset.setid JOIN
dw.factledger <- erp.dbo.glentry.dimensionsetid JOIN
dw.factledger <- ref.fxrate.currencycode FILTER
dw.factledger <- erp.dbo.glentry.currencycode FILTER
dw.factledger <- ref.fxrate.ratedate FILTER
dw.factledger <- erp.dbo.glentry.postingdate FILTER
dw.factledger <- ref.fxrate.ratedate SORT
dw.factledger <- erp.dbo.glaccount.category FILTER
outputs: dw.factledger
===
-- case: variables assigned by SELECT, by SET and by DECLARE
-- dialect: tsql
DECLARE @m INT, @d DATE = GETDATE(), @n INT = (SELECT COUNT(id) FROM dbo.c);
SELECT @m = MAX(id), @d = MIN(day) FROM dbo.s;
DECLARE @o INT;
SET @o = @m + 1;
INSERT INTO dbo.t (id, day, cnt, o) SELECT @m, @d, @n, @o;
;;;
dbo.t.id <- dbo.s.id AGGREGATION plain
dbo.t.day <- dbo.s.day AGGREGATION plain
dbo.t.cnt <- dbo.c.id AGGREGATION aggregated
dbo.t.o <- dbo.s.id AGGREGATION plain
kinds: QUERY, QUERY, INSERT
===
-- case: variable in a filter
-- dialect: tsql
DECLARE @last DATETIME;
SELECT @last = loaded FROM dbo.watermark WHERE name = 'orders';
INSERT INTO dbo.t (id) SELECT id FROM dbo.orders WHERE updated > @last;
;;;
dbo.t.id <- dbo.orders.id IDENTITY plain
dbo.t <- dbo.orders.updated FILTER
dbo.t <- dbo.watermark.loaded FILTER
dbo.t <- dbo.watermark.name FILTER
===
-- case: rows that a cursor fetches
-- dialect: tsql
DECLARE @id INT, @nm VARCHAR(10);
DECLARE c CURSOR FOR SELECT id, nm FROM dbo.s;
OPEN c;
FETCH NEXT FROM c INTO @id, @nm;
WHILE @@FETCH_STATUS = 0
BEGIN
  INSERT INTO dbo.t (id, nm) VALUES (@id, @nm);
  FETCH NEXT FROM c INTO @id, @nm;
END;
;;;
dbo.t.id <- dbo.s.id TRANSFORMATION plain
dbo.t.nm <- dbo.s.nm TRANSFORMATION plain
===
-- case: in a branch a variable may keep what it held
-- dialect: tsql
DECLARE @x INT = (SELECT MAX(a) FROM dbo.p);
IF @x IS NULL SET @x = (SELECT MAX(b) FROM dbo.q);
UPDATE dbo.t SET x = @x;
;;;
dbo.t.x <- dbo.p.a AGGREGATION plain
dbo.t.x <- dbo.q.b AGGREGATION plain
===
-- case: a text gathered row by row
-- dialect: tsql
DECLARE @l VARCHAR(MAX);
SELECT @l = COALESCE(@l + ',', '') + name FROM dbo.s;
INSERT INTO dbo.t (names) VALUES (@l);
;;;
dbo.t.names <- dbo.s.name TRANSFORMATION plain
===
-- case: a batch forgets the variables of the one before
-- dialect: tsql
-- problems: 1
DECLARE @x INT = (SELECT MAX(a) FROM dbo.p);
GO
DECLARE @x INT;
INSERT INTO dbo.t (x) VALUES (@x);
;;;
dbo.t.x <- .x TRANSFORMATION unknown
outputs: dbo.t
===
-- case: a variable that a procedure fills
-- dialect: tsql
-- problems: 2
DECLARE @x INT = (SELECT MAX(a) FROM dbo.p);
EXEC dbo.fill @x OUTPUT;
INSERT INTO dbo.t (x) VALUES (@x);
;;;
dbo.t.x <- .x TRANSFORMATION unknown
outputs: dbo.t
===
-- case: a variable that is added to, and one that is assigned anew
-- dialect: tsql
DECLARE @a INT = (SELECT MAX(x) FROM dbo.p), @b INT = (SELECT MAX(x) FROM dbo.p);
SELECT @a += y, @b = y + 1 FROM dbo.q;
INSERT INTO dbo.t (a, b) VALUES (@a, @b);
;;;
dbo.t.a <- dbo.p.x AGGREGATION plain
dbo.t.a <- dbo.q.y TRANSFORMATION plain
dbo.t.b <- dbo.q.y TRANSFORMATION plain
===
