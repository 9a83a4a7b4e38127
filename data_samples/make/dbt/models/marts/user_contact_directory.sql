select user_id, full_name, email, phone, country
from {{ ref('dim_users') }}
where marketing_opt_in
