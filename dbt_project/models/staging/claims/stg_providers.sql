{% set types = {
    'provider_id': 'varchar(64)',
    'npi': 'varchar(10)',
    'provider_name': 'varchar(256)',
    'specialty': 'varchar(64)',
    'state': 'varchar(2)',
    'is_in_network': 'boolean',
    'updated_at': 'timestamp',
} %}

with landed as (

    select
        provider_id,
        npi,
        provider_name,
        specialty,
        state,
        is_in_network,
        updated_at,
        op,
        {{ file_columns('providers') }}
    from {{ source('landing', 'providers') }}

),

narrowed as (

    select
        {{ narrow_columns(types) }},
        {{ operation('op') }} as _operation,
        {{ narrowing_reasons(types) }} as _narrowing_reasons,
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
