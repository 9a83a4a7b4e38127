{{ config(materialized='view') }}

select month_start, plan_name, count(distinct user_id) as subscribers
from {{ ref('subscriber_months') }}
group by month_start, plan_name
