select plan_id, plan_name, price
from {{ source('raw', 'plans') }}
