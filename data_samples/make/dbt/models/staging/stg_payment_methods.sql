select payment_method_id, user_id, card_number, provider, billing_zip
from {{ source('raw', 'payment_methods') }}
