{% set types = business_columns() %}

with landed as (

    select
        as_of_date,
        ccy,
        rate_to_usd,
        source,
        updated_at,
        {{ change_columns('fx_rates') }},
        {{ file_columns('fx_rates') }}
    from {{ source('landing', 'fx_rates') }}

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
