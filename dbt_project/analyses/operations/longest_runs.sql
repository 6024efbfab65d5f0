select
    run_id,
    command,
    outcome,
    models,
    gates,
    seconds,
    started_at
from {{ ref('run_history') }}
order by seconds desc, run_id asc
limit 20
