with pending as (

    select
        'order_items' as entity,
        reject_reason,
        _loaded_at
    from {{ ref('pending_order_items') }}
    union all
    select
        'claims' as entity,
        reject_reason,
        _loaded_at
    from {{ ref('pending_claims') }}

)

select
    entity,
    reject_reason,
    cast(_loaded_at as date) as loaded_date,
    count(*) as pending_rows
from pending
group by entity, reject_reason, cast(_loaded_at as date)
order by entity, loaded_date
