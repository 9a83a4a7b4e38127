with profiles as (

    select user_id, count(*) as profile_count
    from {{ ref('stg_profiles') }}
    group by user_id

)

select
    u.user_id,
    u.email,
    u.phone,
    u.full_name,
    u.birth_date,
    u.country,
    r.region,
    u.marketing_opt_in,
    coalesce(p.profile_count, 0) as profile_count,
    u.created_at
from {{ ref('stg_users') }} as u
left join profiles as p on p.user_id = u.user_id
left join {{ ref('country_regions') }} as r on r.country = u.country
