-- What the shop's application writes.
CREATE TABLE shop.raw.users (
  id BIGINT, email STRING, full_name STRING, phone STRING, country STRING, created_at TIMESTAMP
);
CREATE TABLE shop.raw.orders (
  id BIGINT, user_id BIGINT, status STRING, amount DECIMAL(10, 2), currency STRING, payload JSON, created_at TIMESTAMP
);
CREATE TABLE shop.raw.order_lines (order_id BIGINT, sku STRING, quantity INT, price DECIMAL(10, 2));
CREATE TABLE shop.raw.rates (currency STRING, day DATE, rate DECIMAL(12, 6));
