select
    payment_method_id,
    user_id,
    '**** **** **** ' || right(card_number, 4) as card_masked,
    provider
from {{ ref('stg_payment_methods') }}
