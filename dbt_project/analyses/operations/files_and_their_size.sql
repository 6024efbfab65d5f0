select
    dataset,
    count(file_id) as files,
    min(row_count) as fewest_rows,
    median(row_count) as median_rows,
    max(row_count) as most_rows
from {{ ref('stg_landed_files') }}
where not is_undone
group by dataset
order by median_rows
