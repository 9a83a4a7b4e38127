select search_id, user_id, query_text, result_count, clicked_title_id, searched_at
from {{ source('raw', 'search_events') }}
