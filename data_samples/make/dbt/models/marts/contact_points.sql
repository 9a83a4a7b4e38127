select user_id as contact_key, 'account' as contact_source, sha256(email) as contact
from {{ ref('dim_users') }}
union all
select signup_id as contact_key, 'newsletter' as contact_source, email as contact
from {{ ref('stg_newsletter_signups') }}
