CREATE TEMP TABLE big AS SELECT customer_id, spent FROM mart.spending WHERE spent > 1000;
INSERT INTO mart.best SELECT customer_id, spent FROM big;
SELEC nothing FROM here;
