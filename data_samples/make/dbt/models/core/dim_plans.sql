select
    plan_id,
    plan_name,
    cast(price as decimal(10, 2)) as list_price
from {{ ref('stg_plans') }}
