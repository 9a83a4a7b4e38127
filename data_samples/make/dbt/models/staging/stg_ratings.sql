select user_id, title_id, stars, rated_at
from {{ source('raw', 'ratings') }}
qualify row_number() over (partition by user_id, title_id order by rated_at desc) = 1
