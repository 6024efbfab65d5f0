select
    dataset,
    source_file,
    row_count,
    loaded_at
from {{ ref('stg_landed_files') }}
where is_undone
order by loaded_at desc, source_file asc
