select
    run_id,
    entity,
    sum(checked) as checked,
    sum(accepted) as accepted,
    sum(quarantined) as quarantined,
    sum(pending) as pending,
    cast(
        round(1.0 * sum(quarantined) / nullif(sum(checked), 0), 4)
        as decimal(5, 4)
    ) as quarantined_share,
    max(counted_at) as counted_at
from {{ ref('stg_checked_rows') }}
group by run_id, entity
order by counted_at desc, entity asc
