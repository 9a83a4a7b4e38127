with source as (

    select * from {{ source('raw', 'play_events') }}

),

renamed as (

    select
        session_id,
        user_id,
        device_id,
        title_id,
        ip_address,
        started_at,
        seconds_watched
    from source
    where seconds_watched > 0

)

select * from renamed
