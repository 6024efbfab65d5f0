{% test volume(model, files, dataset, max_times, min_files) %}

with run_range as (

    select
        min(_from_seq) as from_seq,
        max(_upto_seq) as upto_seq
    from {{ model }}

),

landed_files as (

    select
        source_file,
        row_count,
        load_seq
    from {{ files }}
    where dataset = '{{ dataset }}' and not is_undone

),

history as (

    select
        count(*) as earlier_files,
        avg(cast(landed_files.row_count as double precision)) as average_rows
    from landed_files
    inner join run_range
        on landed_files.load_seq <= run_range.from_seq

)

select
    landed_files.source_file as _source_file,
    landed_files.row_count,
    history.average_rows,
    history.earlier_files
from landed_files
inner join run_range
    on
        landed_files.load_seq > run_range.from_seq
        and landed_files.load_seq <= run_range.upto_seq
cross join history
where
    history.earlier_files >= {{ min_files }}
    and landed_files.row_count > {{ max_times }} * history.average_rows

{% endtest %}
