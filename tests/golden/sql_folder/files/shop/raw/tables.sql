-- What the shop's database delivers.
CREATE TABLE raw.users (id INT64 NOT NULL, email STRING, born DATE);
CREATE TABLE raw.orders (
  order_id INT64, user_id INT64, amount NUMERIC,
  address STRUCT<street STRING, city STRING>
);
