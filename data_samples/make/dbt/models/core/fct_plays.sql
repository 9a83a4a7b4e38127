{{ config(materialized='incremental', unique_key='session_id', incremental_strategy='delete+insert') }}

select
    session_id,
    user_id,
    device_id,
    title_id,
    started_at,
    cast(started_at as date) as play_day,
    seconds_watched
from {{ ref('stg_play_events') }}
{% if is_incremental() %}
where started_at > (select max(started_at) from {{ this }})
{% endif %}
