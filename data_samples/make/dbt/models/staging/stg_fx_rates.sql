select rate_day, currency, usd_rate
from {{ source('raw', 'fx_rates') }}
