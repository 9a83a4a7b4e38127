select
    user_id,
    '***' as full_name,
    regexp_replace(email, '^[^@]+', '***') as email_domain_only,
    cast(null as varchar) as phone,
    country
from {{ ref('dim_users') }}
where marketing_opt_in
