with plays as (

    select title_id, count(*) as plays, sum(seconds_watched) / 3600.0 as hours_watched
    from {{ ref('fct_plays') }}
    group by title_id

),

stars as (

    select title_id, avg(stars) as average_stars
    from {{ ref('stg_ratings') }}
    group by title_id

)

select t.title_id, t.title_name, t.genre, p.plays, p.hours_watched, s.average_stars
from {{ ref('dim_titles') }} as t
left join plays as p on p.title_id = t.title_id
left join stars as s on s.title_id = t.title_id
