select profile_id, user_id, profile_name, is_kids
from {{ source('raw', 'profiles') }}
