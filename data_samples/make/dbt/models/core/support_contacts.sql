-- the name promises a mask that the statement does not apply
select
    ticket_id,
    user_id,
    email as email_masked,
    subject,
    opened_at
from {{ ref('stg_support_tickets') }}
