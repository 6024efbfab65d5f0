{% set types = business_columns() %}

with source as (

    select
        product_id,
        product_name,
        category,
        currency,
        unit_price,
        is_active,
        updated_at,
        {{ change_columns('products') }},
        {{ file_columns('products') }}
    from {{ source('landing', 'products') }}

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
        {{ business_time(['updated_at']) }} as _business_at,
        {{ row_digest(types) }} as _row_digest
    from narrowed

)

select * from final
