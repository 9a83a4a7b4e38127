select log_id, session_id, pop, client_ip, bytes_sent, rebuffer_ms, logged_at
from {{ source('raw', 'cdn_edge_logs') }}
