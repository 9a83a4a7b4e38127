with plays as (

    select
        user_id,
        count(*) as plays_28d,
        sum(seconds_watched) as seconds_28d,
        count(distinct title_id) as titles_28d
    from {{ ref('fct_plays') }}
    where play_day > date '2026-06-02'
    group by user_id

),

stars as (

    select user_id, avg(stars) as average_stars
    from {{ ref('stg_ratings') }}
    group by user_id

)

select
    u.user_id,
    u.email_hash,
    u.region,
    2026 - u.birth_year as age_years,
    coalesce(p.plays_28d, 0) as plays_28d,
    coalesce(p.seconds_28d, 0) as seconds_28d,
    coalesce(p.titles_28d, 0) as titles_28d,
    s.average_stars
from {{ ref('dim_users_hashed') }} as u
left join plays as p on p.user_id = u.user_id
left join stars as s on s.user_id = u.user_id
