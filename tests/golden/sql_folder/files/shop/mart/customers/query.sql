{{ config(materialized='table') }}
WITH known AS (
  SELECT id, mail, born FROM {{ ref('accounts') }}
)
SELECT
  id AS customer_id,
  TO_HEX(SHA256(mail)) AS mail_hash,
  EXTRACT(YEAR FROM born) AS birth_year
FROM known
