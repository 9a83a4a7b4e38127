select title_id, title_name, kind, genre, release_year
from {{ source('raw', 'titles') }}
