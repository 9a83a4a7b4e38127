select
    t.title_id,
    t.title_name,
    f.play_day,
    count(distinct f.user_id) as viewers,
    rank() over (partition by f.play_day order by count(distinct f.user_id) desc) as day_rank
from {{ ref('fct_plays') }} as f
inner join {{ ref('dim_titles') }} as t on t.title_id = f.title_id
group by t.title_id, t.title_name, f.play_day
