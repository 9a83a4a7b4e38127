select
    s.subscription_id,
    s.user_id,
    p.plan_name,
    cast(m.month_start as date) as month_start,
    p.list_price
from {{ ref('stg_subscriptions') }} as s
inner join {{ ref('dim_plans') }} as p on p.plan_id = s.plan_id
cross join unnest(generate_series(
    date_trunc('month', s.started_on),
    coalesce(s.ended_on, date '2026-06-30'),
    interval 1 month
)) as m (month_start)
