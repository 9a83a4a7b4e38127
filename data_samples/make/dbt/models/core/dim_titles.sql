select
    t.title_id,
    t.title_name,
    t.kind,
    t.genre,
    t.release_year,
    count(e.episode_id) as episode_count,
    sum(e.runtime_seconds) as runtime_seconds
from {{ ref('stg_titles') }} as t
left join {{ ref('stg_episodes') }} as e on e.title_id = t.title_id
group by t.title_id, t.title_name, t.kind, t.genre, t.release_year
