select
    t.title_id,
    t.title_name,
    t.release_year,
    count(distinct f.user_id) as viewers,
    avg(r.stars) as average_stars
from {{ ref('dim_titles') }} as t
inner join {{ ref('fct_plays') }} as f on f.title_id = t.title_id
left join {{ ref('stg_ratings') }} as r on r.title_id = t.title_id
where t.release_year >= 2024
group by t.title_id, t.title_name, t.release_year
