{% test rows_conserved(model, entity, landed, parts) %}

{% set range = checked_range(entity) %}
{% set removing = datasets_with_removals() | select('in', range.bounds) | list %}

with checked as (

    select * from {{ model }}

),

{%- if range.bounds %}

{#- what a file is called of which no row was checked: read of each landed row, it would be the widest column of the pass #}
files as (
    {% for dataset in range.bounds %}
    select
        file_id,
        's3://' || bucket || '/' || key as source_file
    from {{ ledger_table(dataset) }}
    {% if not loop.last %}union all{% endif %}
    {%- endfor %}

),

{%- endif %}

checked_per_file as (

    select
        _file_id,
        min(_source_file) as _source_file,
        sum(case when {{ is_new_row() }} then 1 else 0 end) as new_rows,
        sum(case when row_status = 'accepted' then 1 else 0 end) as accepted_rows,
        count(*) as checked_rows
    from checked
    group by _file_id

),

landed_per_file as (

    select
        _file_id,
        count(*) as landed_rows
    from {{ landed }} as landed
    where {{ in_range(range.bounds, 'landed') }}
    group by _file_id

),

{#- an entity of before may name a view of its accepted rows, which are counted with the checked ones #}
sorted_parts as (

    select
        _file_id,
        accepted_rows as part_rows
    from checked_per_file
    {% for part in parts if not part.identifier.endswith('__accepted') %}
    union all
    select
        _file_id,
        count(*) as part_rows
    from {{ part }}
    group by _file_id
    {% endfor %}

),

sorted_per_file as (

    select
        _file_id,
        sum(part_rows) as sorted_rows
    from sorted_parts
    group by _file_id

),

per_file as (

    select
        coalesce(checked_per_file._file_id, landed_per_file._file_id)
            as _file_id,
        checked_per_file._source_file,
        coalesce(landed_per_file.landed_rows, 0) as landed_rows,
        coalesce(checked_per_file.new_rows, 0) as new_rows,
        coalesce(checked_per_file.checked_rows, 0) as checked_rows,
        coalesce(sorted_per_file.sorted_rows, 0) as sorted_rows
    from landed_per_file
    full outer join checked_per_file
        on landed_per_file._file_id = checked_per_file._file_id
    left join sorted_per_file
        on checked_per_file._file_id = sorted_per_file._file_id

)

select
    {% if range.bounds -%}
        coalesce(per_file._source_file, files.source_file) as _source_file,
    {%- else -%}
        per_file._source_file,
    {%- endif %}
    per_file.landed_rows,
    per_file.new_rows,
    per_file.checked_rows,
    per_file.sorted_rows
from per_file
{% if range.bounds %}
    left join files
        on per_file._file_id = files.file_id
{% endif %}
where
    (
        {%- if removing %}
        (
            per_file.landed_rows <> per_file.new_rows
            -- rows that have left landing since they were checked, being old
            and per_file._file_id not in (
                {%- for dataset in removing %}
                select file_id
                from {{ ledger_table(dataset) }}
                where removed_at is not null
                {% if not loop.last %}union all{% endif %}
                {%- endfor %}
            )
        )
        {%- else %}
        per_file.landed_rows <> per_file.new_rows
        {%- endif %}
        or per_file.checked_rows <> per_file.sorted_rows
    )
    -- another run may have replaced the checked rows: then this one upserts nothing
    and exists (
        select 1 from {{ mutex_table(entity) }}
        where run_id = '{{ range.run_id }}'
    )

{% endtest %}
