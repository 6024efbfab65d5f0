select
    subject,
    quality_score,
    gates,
    passed_gates,
    checked_rows,
    quarantined_rows,
    result_date
from {{ ref('quality_score') }}
qualify row_number() over (partition by subject order by result_date desc) = 1
order by quality_score, subject
