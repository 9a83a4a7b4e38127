select ticket_id, user_id, email, subject, body, opened_at, closed_at
from {{ source('raw', 'support_tickets') }}
