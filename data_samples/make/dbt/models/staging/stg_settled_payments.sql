-- status decides which payments count; its value goes no further
select
    event_id,
    user_id,
    plan_id,
    amount,
    currency,
    occurred_at
from {{ source('raw', 'payment_events') }}
where status = 'settled'
