select
    f.*,
    s.plan_id,
    date_diff('day', s.started_on, coalesce(s.ended_on, date '2026-06-30')) as tenure_days,
    not s.is_active as churned
from {{ ref('user_engagement_features') }} as f
inner join {{ ref('stg_subscriptions') }} as s using (user_id)
