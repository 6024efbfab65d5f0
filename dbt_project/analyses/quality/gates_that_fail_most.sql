select
    gate,
    severity,
    sum(runs) as runs,
    sum(failed_runs) as failed_runs,
    sum(warned_runs) as warned_runs,
    max(result_date) as last_day
from {{ ref('gate_trend') }}
where result_date >= dateadd(day, -30, current_date)
group by gate, severity
having sum(failed_runs) + sum(warned_runs) > 0
order by failed_runs desc, warned_runs desc, gate asc
