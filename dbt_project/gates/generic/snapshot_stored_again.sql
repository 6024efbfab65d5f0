{% test snapshot_stored_again(model, entity, snapshots, loads) %}

with checked_range as (

    select
        _dataset,
        max(_upto_seq) as upto_seq
    from {{ model }}
    group by _dataset

),

modeled as (

    select
        dataset,
        max(upto_seq) as upto_seq
    from {{ loads }}
    where model = '{{ model_name(upserted_table(entity)) }}'
    group by dataset

),

numbered as (

    select
        snapshots.dataset,
        snapshots.end_source_file,
        snapshots.ended_at,
        snapshots.complete_seq > coalesce(modeled.upto_seq, 0) as is_new,
        row_number() over (
            partition by snapshots.dataset order by snapshots.snapshot_id
        ) as place
    from {{ snapshots }} as snapshots
    inner join checked_range
        on
            snapshots.dataset = checked_range._dataset
            and snapshots.complete_seq <= checked_range.upto_seq
    left join modeled
        on snapshots.dataset = modeled.dataset
    where snapshots.file_id = snapshots.end_file_id

),

starts as (

    select
        numbered.*,
        case
            when
                lag(end_source_file) over (
                    partition by dataset order by place
                ) = end_source_file
                then 0
            else 1
        end as is_start
    from numbered

),

-- versions of one key with none of another between them have one number, for
-- the same old export may be stored again more than once in a row
runs as (

    select
        starts.*,
        sum(is_start) over (
            partition by dataset order by place
            rows unbounded preceding
        ) as run_number
    from starts

),

compared as (

    select
        dataset,
        end_source_file,
        ended_at,
        is_new,
        place,
        -- the export of another key between two of one key
        min(run_number) over (
            partition by dataset, end_source_file
        ) < run_number as is_again,
        lag(ended_at) over (
            partition by dataset, end_source_file order by place
        ) as stored_before_at
    from runs

),

told as (

    select
        compared.*,
        -- what is older than an export of its own is no news
        max(case when is_again then 0 else place end) over (
            partition by dataset
        ) as newest_of_its_own
    from compared

)

select
    end_source_file as _source_file,
    ended_at as stored_at,
    stored_before_at
from told
where is_again and is_new and place > newest_of_its_own

{% endtest %}
