select
    subscription_id,
    user_id,
    plan_id,
    started_on,
    ended_on,
    ended_on is null as is_active
from {{ source('raw', 'subscriptions') }}
