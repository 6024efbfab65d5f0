{% test quarantine_rate(model, max_rate, min_rows) %}

with checked as (

    select * from {{ model }}

),

per_file as (

    select
        _file_id,
        sum(case when row_status = 'quarantined' then 1 else 0 end)
            as quarantined_in_file,
        count(*) as rows_in_file
    from checked
    where {{ is_new_row() }}
    group by _file_id

)

select
    per_file.quarantined_in_file,
    per_file.rows_in_file,
    checked.*
from checked
inner join per_file
    on checked._file_id = per_file._file_id
where
    checked.row_status = 'quarantined'
    and per_file.quarantined_in_file >= {{ min_rows }}
    and per_file.quarantined_in_file > {{ max_rate }} * per_file.rows_in_file

{% endtest %}
