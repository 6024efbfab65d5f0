{% test quarantine_rate(
    model, max_rate, min_rows, max_bad_file_rate=0.25, min_bad_files=10
) %}

{#- Bad files that are too small to stop the batch are found too, and warn -#}
{{
    config(
        warn_if='<> 0',
        error_if='<> 0 and max(_stops) = 1',
        meta={
            'subject': 'files of bad rows held back',
            'says': 'More rows of these files are in quarantine than the gate'
            ~ ' lets pass: none of those rows is modeled. The files are too'
            ~ ' small, and too few, to stop the batch.',
            'remedy': 'landfall undo {file}',
        },
    )
}}

{#- Whole rows are read of those in quarantine alone #}
with quarantined as (

    select * from {{ model }}
    where row_status = 'quarantined'

),

per_file as (

    select
        _file_id,
        sum(case when row_status = 'quarantined' then 1 else 0 end)
            as quarantined_in_file,
        count(*) as rows_in_file
    from {{ model }}
    where {{ is_new_row() }}
    group by _file_id

),

{#- A single bad row says nothing of a file that has others -#}
compared as (

    select
        _file_id,
        quarantined_in_file,
        rows_in_file,
        case
            when quarantined_in_file = rows_in_file then 1
            when
                quarantined_in_file > 1
                and quarantined_in_file > {{ max_rate }} * rows_in_file
                then 1
            else 0
        end as is_bad
    from per_file

),

per_run as (

    select
        count(*) as files_in_run,
        sum(is_bad) as bad_files_in_run
    from compared

),

judged as (

    select
        per_run.bad_files_in_run,
        per_run.files_in_run,
        compared.quarantined_in_file,
        compared.rows_in_file,
        compared._file_id,
        case
            when
                compared.quarantined_in_file >= {{ min_rows }}
                and compared.quarantined_in_file
                > {{ max_rate }} * compared.rows_in_file
                then 1
            when
                compared.is_bad = 1
                and per_run.bad_files_in_run >= {{ min_bad_files }}
                and per_run.bad_files_in_run
                > {{ max_bad_file_rate }} * per_run.files_in_run
                then 1
            when compared.is_bad = 1 then 0
        end as _stops
    from compared
    cross join per_run

)

select
    judged.bad_files_in_run,
    judged.files_in_run,
    judged.quarantined_in_file,
    judged.rows_in_file,
    judged._stops,
    quarantined.*
from quarantined
inner join judged
    on quarantined._file_id = judged._file_id
-- what only warns is not named among what stopped the batch
where judged._stops = (select max(_stops) from judged)

{% endtest %}
