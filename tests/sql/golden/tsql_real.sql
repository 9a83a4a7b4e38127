-- case: warehouse procedure with temp tables and merge
-- dialect: tsql
-- schema: crm.Accounts(AccountId, Name, OwnerId, Industry, Revenue, IsDeleted); crm.Users(UserId, FullName, Email, Region); crm.Opportunities(OppId, AccountId, Stage, Amount, CloseDate, Probability); dw.DimAccount(AccountId, Name, OwnerName, OwnerEmailHash, Region, Industry, Pipeline, Weighted, LastClose, Tier, ModifiedAt)
CREATE OR ALTER PROCEDURE dw.usp_LoadAccounts
    @AsOf date = NULL,
    @Debug bit = 0
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    IF @AsOf IS NULL SET @AsOf = CAST(GETDATE() AS date);

    DROP TABLE IF EXISTS #opp;

    SELECT o.AccountId,
           SUM(CASE WHEN o.Stage NOT IN ('Closed Won', 'Closed Lost') THEN o.Amount ELSE 0 END) AS Pipeline,
           SUM(o.Amount * o.Probability / 100.0) AS Weighted,
           MAX(CASE WHEN o.Stage = 'Closed Won' THEN o.CloseDate END) AS LastClose
    INTO #opp
    FROM crm.Opportunities AS o
    WHERE o.CloseDate <= @AsOf
    GROUP BY o.AccountId;

    ;WITH src AS (
        SELECT a.AccountId,
               LTRIM(RTRIM(a.Name)) AS Name,
               u.FullName AS OwnerName,
               HASHBYTES('SHA2_256', LOWER(u.Email)) AS OwnerEmailHash,
               u.Region,
               ISNULL(NULLIF(a.Industry, ''), 'Unknown') AS Industry,
               p.Pipeline, p.Weighted, p.LastClose,
               CASE WHEN a.Revenue >= 1e7 THEN 'A' WHEN a.Revenue >= 1e6 THEN 'B' ELSE 'C' END AS Tier
        FROM crm.Accounts a
        LEFT JOIN crm.Users u ON u.UserId = a.OwnerId
        LEFT JOIN #opp p ON p.AccountId = a.AccountId
        WHERE a.IsDeleted = 0
    )
    MERGE dw.DimAccount AS t
    USING src AS s ON s.AccountId = t.AccountId
    WHEN MATCHED AND EXISTS (SELECT s.Name, s.Tier EXCEPT SELECT t.Name, t.Tier) THEN
        UPDATE SET Name = s.Name, OwnerName = s.OwnerName, OwnerEmailHash = s.OwnerEmailHash, Region = s.Region,
                   Industry = s.Industry, Pipeline = s.Pipeline, Weighted = s.Weighted, LastClose = s.LastClose,
                   Tier = s.Tier, ModifiedAt = SYSDATETIME()
    WHEN NOT MATCHED BY TARGET THEN
        INSERT (AccountId, Name, OwnerName, Tier)
        VALUES (s.AccountId, s.Name, s.OwnerName, s.Tier)
    WHEN NOT MATCHED BY SOURCE THEN DELETE;

    DROP TABLE #opp;
END
;;;
dw.dimaccount.accountid <- crm.accounts.accountid IDENTITY plain
dw.dimaccount.name <- crm.accounts.name TRANSFORMATION plain
dw.dimaccount.ownername <- crm.users.fullname IDENTITY plain
dw.dimaccount.owneremailhash <- crm.users.email TRANSFORMATION pseudonymised
dw.dimaccount.region <- crm.users.region IDENTITY plain
dw.dimaccount.industry <- crm.accounts.industry TRANSFORMATION plain
dw.dimaccount.industry <- crm.accounts.industry CONDITIONAL
dw.dimaccount.pipeline <- crm.opportunities.amount AGGREGATION aggregated
dw.dimaccount.pipeline <- crm.opportunities.stage CONDITIONAL
dw.dimaccount.weighted <- crm.opportunities.amount AGGREGATION aggregated
dw.dimaccount.weighted <- crm.opportunities.probability AGGREGATION aggregated
dw.dimaccount.lastclose <- crm.opportunities.closedate AGGREGATION plain
dw.dimaccount.lastclose <- crm.opportunities.stage CONDITIONAL
dw.dimaccount.tier <- crm.accounts.revenue CONDITIONAL
dw.dimaccount <- crm.opportunities.closedate FILTER
dw.dimaccount <- crm.opportunities.accountid GROUP_BY
dw.dimaccount <- crm.users.userid JOIN
dw.dimaccount <- crm.accounts.ownerid JOIN
dw.dimaccount <- crm.opportunities.accountid JOIN
dw.dimaccount <- crm.accounts.accountid JOIN
dw.dimaccount <- crm.accounts.isdeleted FILTER
dw.dimaccount <- dw.dimaccount.accountid JOIN
dw.dimaccount <- crm.accounts.name FILTER
dw.dimaccount <- crm.accounts.revenue FILTER
dw.dimaccount <- dw.dimaccount.name FILTER
dw.dimaccount <- dw.dimaccount.tier FILTER
outputs: dw.dimaccount
===
-- case: union of years with a pivot on top
-- dialect: tsql
-- schema: dbo.Sales2023(ShopId, Sku, Qty, Net, SoldAt); dbo.Sales2024(ShopId, Sku, Qty, Net, SoldAt); dbo.Shops(ShopId, City, Manager)
SELECT City, [2023] AS Net2023, [2024] AS Net2024, [2024] - [2023] AS Growth
FROM (
    SELECT sh.City, YEAR(x.SoldAt) AS Yr, x.Net
    FROM (
        SELECT ShopId, Net, SoldAt FROM dbo.Sales2023
        UNION ALL
        SELECT ShopId, Net, SoldAt FROM dbo.Sales2024
    ) AS x
    INNER JOIN dbo.Shops sh ON sh.ShopId = x.ShopId
    WHERE sh.Manager IS NOT NULL
) src
PIVOT (SUM(Net) FOR Yr IN ([2023], [2024])) AS p
ORDER BY Growth DESC
;;;
.city <- dbo.shops.city IDENTITY plain
.net2023 <- dbo.sales2023.net AGGREGATION aggregated
.net2023 <- dbo.sales2024.net AGGREGATION aggregated
.net2023 <- dbo.sales2023.soldat CONDITIONAL
.net2023 <- dbo.sales2024.soldat CONDITIONAL
.net2024 <- dbo.sales2023.net AGGREGATION aggregated
.net2024 <- dbo.sales2024.net AGGREGATION aggregated
.net2024 <- dbo.sales2023.soldat CONDITIONAL
.net2024 <- dbo.sales2024.soldat CONDITIONAL
.growth <- dbo.sales2023.net AGGREGATION aggregated
.growth <- dbo.sales2024.net AGGREGATION aggregated
.growth <- dbo.sales2023.soldat CONDITIONAL
.growth <- dbo.sales2024.soldat CONDITIONAL
* <- dbo.shops.shopid JOIN
* <- dbo.sales2023.shopid JOIN
* <- dbo.sales2024.shopid JOIN
* <- dbo.shops.manager FILTER
* <- dbo.shops.city GROUP_BY
* <- dbo.sales2023.net SORT
* <- dbo.sales2024.net SORT
* <- dbo.sales2023.soldat SORT
* <- dbo.sales2024.soldat SORT
===
-- case: hr export with for xml path and cross apply values
-- dialect: tsql
-- schema: hr.Emp(EmpId, First, Last, Email1, Email2, DeptId, BossId); hr.Dept(DeptId, Title)
SELECT e.EmpId,
       e.First + N' ' + e.Last AS Name,
       m.Mail,
       STUFF((SELECT ', ' + r.Last FROM hr.Emp r WHERE r.BossId = e.EmpId ORDER BY r.Last FOR XML PATH('')), 1, 2, '') AS Reports
FROM hr.Emp AS e
CROSS APPLY (VALUES (e.Email1), (e.Email2)) AS m (Mail)
WHERE m.Mail IS NOT NULL AND e.DeptId IN (SELECT d.DeptId FROM hr.Dept d WHERE d.Title LIKE N'Fin%')
;;;
.empid <- hr.emp.empid IDENTITY plain
.name <- hr.emp.first TRANSFORMATION plain
.name <- hr.emp.last TRANSFORMATION plain
.mail <- hr.emp.email1 IDENTITY plain
.mail <- hr.emp.email2 IDENTITY plain
.reports <- hr.emp.last TRANSFORMATION plain
* <- hr.emp.bossid FILTER
* <- hr.emp.empid FILTER
* <- hr.emp.last SORT
* <- hr.emp.email1 FILTER
* <- hr.emp.email2 FILTER
* <- hr.emp.deptid FILTER
* <- hr.dept.deptid FILTER
* <- hr.dept.title FILTER
===
-- case: recursive cte without the word
-- dialect: tsql
-- schema: hr.Emp(EmpId, Last, BossId)
WITH chain AS (
    SELECT EmpId, Last, BossId, 0 AS Lvl, CAST(Last AS nvarchar(max)) AS Path FROM hr.Emp WHERE BossId IS NULL
    UNION ALL
    SELECT e.EmpId, e.Last, e.BossId, c.Lvl + 1, c.Path + N'/' + e.Last
    FROM hr.Emp e INNER JOIN chain c ON c.EmpId = e.BossId
)
SELECT EmpId, Path FROM chain OPTION (MAXRECURSION 50)
;;;
.empid <- hr.emp.empid IDENTITY plain
.path <- hr.emp.last TRANSFORMATION plain
* <- hr.emp.bossid FILTER
* <- hr.emp.empid JOIN
* <- hr.emp.bossid JOIN
===
-- case: select into a table in another database
-- dialect: tsql
-- known: the empty schema of database..table is dropped, so it looks like a schema's table
SELECT TOP (100) PERCENT i.Id, i.Total, c.Email
INTO Reporting.dbo.BigInvoices
FROM Sales..Invoices i
JOIN Sales.dbo.Customers c ON c.Id = i.CustomerId
WHERE i.Total > (SELECT AVG(Total) FROM Sales..Invoices)
;;;
reporting.dbo.biginvoices.id <- sales..invoices.id IDENTITY plain
reporting.dbo.biginvoices.total <- sales..invoices.total IDENTITY plain
reporting.dbo.biginvoices.email <- sales.dbo.customers.email IDENTITY plain
reporting.dbo.biginvoices <- sales.dbo.customers.id JOIN
reporting.dbo.biginvoices <- sales..invoices.customerid JOIN
reporting.dbo.biginvoices <- sales..invoices.total FILTER
