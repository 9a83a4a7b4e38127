select
    device_id,
    user_id,
    ip_address,
    model as device_model,
    lower(os) as os,
    last_seen_at
from {{ source('raw', 'devices') }}
