select
    cast(searched_at as date) as search_day,
    count(*) as searches,
    avg(case when result_count = 0 then 1.0 else 0.0 end) as empty_share,
    avg(case when clicked_title_id is null then 0.0 else 1.0 end) as click_share
from {{ ref('stg_search_events') }}
group by 1
