select
    pop,
    title_id,
    count(distinct session_id) as sessions,
    sum(bytes_sent) as bytes_sent,
    avg(rebuffer_ms_per_second) as rebuffer_ms_per_second
from {{ ref('session_quality') }}
group by pop, title_id
