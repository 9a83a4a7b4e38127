select
    user_id,
    lower(trim(email)) as email,
    phone,
    full_name,
    birth_date,
    country,
    marketing_opt_in,
    created_at
from {{ source('raw', 'users') }}
