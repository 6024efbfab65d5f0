select
    dataset,
    cast(loaded_at as date) as loaded_date,
    count(file_id) as files,
    sum(row_count) as landed_rows
from {{ ref('stg_landed_files') }}
where not is_undone
group by dataset, cast(loaded_at as date)
order by loaded_date desc, dataset asc
