select
    user_id,
    sha256(email) as email_hash,
    md5(phone) as phone_hash,
    date_part('year', birth_date) as birth_year,
    country,
    region
from {{ ref('dim_users') }}
