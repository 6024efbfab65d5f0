{% set types = business_columns() %}

with source as (

    select
        customer_id,
        customer_name,
        email,
        country,
        created_at,
        updated_at,
        {{ change_columns('customers') }},
        {{ file_columns('customers') }}
    from {{ source('landing', 'customers') }}

),

narrowed as (

    select
        {{ narrow_columns(types) }},
        {{ narrowing_reasons(types) }} as _narrowing_reasons,
        {{ change_columns() }},
        {{ file_columns() }}
    from source

),

final as (

    select
        narrowed.*,
        {{ business_time(['updated_at', 'created_at']) }} as _business_at,
        {{ row_digest(types) }} as _row_digest
    from narrowed

)

select * from final
