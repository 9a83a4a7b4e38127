select
    n.campaign,
    count(*) as signups,
    count(u.user_id) as became_users
from {{ ref('stg_newsletter_signups') }} as n
left join {{ ref('stg_users') }} as u on u.email = n.email
group by n.campaign
