select episode_id, title_id, season, episode_number, runtime_seconds
from {{ source('raw', 'episodes') }}
