{% set types = business_columns() %}

with source as (

    select
    [% for column in columns %]
        [[ column.selected ]],
    [% endfor %]
        {{ change_columns('[[ dataset ]]') }},
        {{ file_columns('[[ dataset ]]') }}
    from {{ source('landing', '[[ dataset ]]') }}

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
        {{ business_time([[ business_times ]]) }} as _business_at,
        {{ row_digest(types) }} as _row_digest
    from narrowed

)

select * from final
