select revenue_day, plan_name, revenue_usd
from {{ ref('daily_revenue') }}
where revenue_usd < 0
