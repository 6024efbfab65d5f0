select
    cast(started_at as date) as run_date,
    outcome,
    count(run_id) as runs,
    avg(cast(seconds as double precision)) as average_seconds,
    max(seconds) as longest_seconds
from {{ ref('run_history') }}
group by cast(started_at as date), outcome
order by run_date desc, outcome asc
