{% test volume(model, files, max_times, min_files, entity=none) %}

{#- written beside the checked rows, in their transaction: no row is read for it #}
with run_range as (

    select
        dataset,
        from_seq,
        upto_seq
    from {{ mutex_table(gated_entity(entity)) }}

),

landed_files as (

    select
        files.dataset,
        files.source_file,
        files.row_count,
        files.load_seq > run_range.from_seq as is_new
    from {{ files }} as files
    inner join run_range
        on
            files.dataset = run_range.dataset
            and files.load_seq <= run_range.upto_seq
    where not files.is_undone

),

history as (

    select
        dataset,
        count(*) as earlier_files,
        avg(cast(row_count as double precision)) as average_rows
    from landed_files
    where not is_new
    group by dataset

)

select
    landed_files.source_file as _source_file,
    landed_files.row_count,
    history.average_rows,
    history.earlier_files
from landed_files
inner join history
    on landed_files.dataset = history.dataset
where
    landed_files.is_new
    and history.earlier_files >= {{ min_files }}
    and landed_files.row_count > {{ max_times }} * history.average_rows

{% endtest %}
