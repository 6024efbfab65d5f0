{% test snapshot_shrinks(model, entity, snapshots, loads, min_share) %}

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

ordered as (

    select
        snapshots.dataset,
        snapshots.end_source_file,
        snapshots.snapshot_rows,
        snapshots.complete_seq > coalesce(modeled.upto_seq, 0) as is_new,
        lead(snapshots.snapshot_rows) over (
            partition by snapshots.dataset order by snapshots.snapshot_id desc
        ) as rows_before,
        max(
            case
                when snapshots.complete_seq <= modeled.upto_seq
                    then snapshots.snapshot_id
            end
        ) over (partition by snapshots.dataset) as modeled_snapshot,
        snapshots.snapshot_id,
        row_number() over (
            partition by snapshots.dataset order by snapshots.snapshot_id desc
        ) as newest_first
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
        newest.end_source_file as _source_file,
        newest.snapshot_rows,
        greatest(newest.rows_before, held.snapshot_rows) as rows_before
    from ordered as newest
    left join ordered as held
        on
            newest.dataset = held.dataset
            and newest.modeled_snapshot = held.snapshot_id
    where newest.newest_first = 1 and newest.is_new

)

select
    _source_file,
    snapshot_rows,
    rows_before
from compared
where snapshot_rows < {{ min_share }} * rows_before

{% endtest %}
