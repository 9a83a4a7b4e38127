select
    date_trunc('week', f.play_day) as play_week,
    t.title_id,
    t.title_name,
    count(*) as plays,
    sum(f.seconds_watched) / 3600.0 as hours_watched
from {{ ref('fct_plays') }} as f
inner join {{ ref('dim_titles') }} as t on t.title_id = f.title_id
group by 1, 2, 3
