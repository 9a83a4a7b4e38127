select signup_id, lower(email) as email, campaign, signed_up_at
from {{ source('raw', 'newsletter_signups') }}
