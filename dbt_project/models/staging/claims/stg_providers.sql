{% set types = business_columns() %}

with landed as (

    select
        provider_id,
        npi,
        provider_name,
        specialty,
        state,
        is_in_network,
        updated_at,
        {{ change_columns('providers') }},
        {{ file_columns('providers') }}
    from {{ source('landing', 'providers') }}

),

narrowed as (

    select
        {{ narrow_columns(types) }},
        {{ narrowing_reasons(types) }} as _narrowing_reasons,
        {{ change_columns() }},
        {{ file_columns() }}
    from landed

),

final as (

    select
        narrowed.*,
        {{ business_time(['updated_at']) }} as _business_at,
        {{ row_digest(types) }} as _row_digest
    from narrowed

)

select * from final
