select
    f.paid_on as revenue_day,
    coalesce(p.plan_name, 'unknown') as plan_name,
    count(*) as payments,
    cast(sum(f.amount_usd) as decimal(18, 2)) as revenue_usd
from {{ ref('fct_payments') }} as f
left join {{ ref('dim_plans') }} as p on p.plan_id = f.plan_id
group by f.paid_on, p.plan_name
