{% set types = business_columns() %}

with source as (

    select
    [% for column in columns %]
        [[ column.selected ]],
    [% endfor %]
    [% if operation %]
        [[ operation ]],
    [% endif %]
        {{ file_columns('[[ dataset ]]') }}
    from {{ source('landing', '[[ dataset ]]') }}

),

narrowed as (

    select
        {{ narrow_columns(types) }},
        {{ operation([[ "'" ~ operation ~ "'" if operation ]]) }} as _operation,
        {{ narrowing_reasons(types) }} as _narrowing_reasons,
        {{ file_columns() }}
    from source

),

final as (

    select
        narrowed.*,
        {{ business_time(['[[ business_time ]]']) }} as _business_at,
        {{ row_digest(types) }} as _row_digest
    from narrowed

)

select * from final
