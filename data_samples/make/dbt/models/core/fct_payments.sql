select
    p.event_id,
    p.user_id,
    p.plan_id,
    p.amount * f.usd_rate as amount_usd,
    cast(p.occurred_at as date) as paid_on
from {{ ref('stg_settled_payments') }} as p
inner join {{ ref('stg_fx_rates') }} as f
    on f.currency = p.currency
    and f.rate_day = cast(p.occurred_at as date)
