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

compared as (

    select
        dataset,
        end_source_file,
        ended_at,
        is_new,
        place,
        -- the export of another key between two of one key
        lag(place) over (
            partition by dataset, end_source_file order by place
        ) < place - 1 as is_again,
        lag(ended_at) over (
            partition by dataset, end_source_file order by place
        ) as stored_before_at
    from numbered

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
