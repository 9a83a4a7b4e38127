select
    c.session_id,
    f.user_id,
    f.title_id,
    c.pop,
    max(c.client_ip) as last_client_ip,
    sum(c.bytes_sent) as bytes_sent,
    sum(c.rebuffer_ms) / nullif(max(f.seconds_watched), 0) as rebuffer_ms_per_second
from {{ ref('stg_cdn_edge_logs') }} as c
inner join {{ ref('fct_plays') }} as f on f.session_id = c.session_id
group by c.session_id, f.user_id, f.title_id, c.pop
