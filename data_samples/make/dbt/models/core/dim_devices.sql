select
    d.device_id,
    d.user_id,
    d.ip_address,
    d.device_model,
    d.os,
    case when d.os in ('ios', 'android') then 'mobile' else 'large screen' end as device_class,
    d.last_seen_at
from {{ ref('stg_devices') }} as d
