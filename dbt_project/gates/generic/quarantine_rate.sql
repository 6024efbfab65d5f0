{% test quarantine_rate(model, max_rate, min_rows) %}

with per_file as (

    select
        _source_file,
        sum(case when row_status = 'quarantined' then 1 else 0 end)
            as quarantined_rows,
        count(*) as row_count
    from {{ model }}
    where {{ is_new_row() }}
    group by _source_file

)

select
    _source_file,
    quarantined_rows,
    row_count
from per_file
where
    quarantined_rows >= {{ min_rows }}
    and quarantined_rows > {{ max_rate }} * row_count

{% endtest %}
