select
    cast(opened_at as date) as opened_day,
    count(*) as tickets,
    avg(date_diff('hour', opened_at, closed_at)) as hours_to_close
from {{ ref('stg_support_tickets') }}
group by 1
