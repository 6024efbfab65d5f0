{% test sequence_falls_back(model, entity, key) %}

{#- It warns: a file that is sent again, late and in other company, would look the same -#}
{{ config(warn_if='<> 0', error_if='< 0') }}
{%- set upserted = upserted_table(entity) -%}
{%- set has_table = execute and load_relation(upserted) is not none %}

with checked as (

    select * from {{ model }}
    where row_status = 'accepted'

),

{#- Producers name their files in their order: one that is stored late has an earlier name. Of each key: the newest row of this run, and the one that is modeled -#}
newest as (

    select
        {{ key | join(', ') }},
        _sequence_dataset,
        _sequence,
        _source_file,
        _file_modified_at
    from checked
    where _version_rank = 1
    {%- if has_table %}
    union all
    select
        {{ key | join(', ') }},
        _sequence_dataset,
        _sequence,
        _source_file,
        _file_modified_at
    from {{ upserted }}
    {%- endif %}

),

compared as (

    select
        {%- for column in key %}
        checked.{{ column }},
        {%- endfor %}
        checked._source_file,
        checked._file_id,
        checked._row_number,
        checked._row_digest,
        checked._sequence,
        max(
            case
                when
                    newest._sequence_dataset > checked._sequence_dataset
                    or (
                        newest._sequence_dataset = checked._sequence_dataset
                        and newest._sequence > checked._sequence
                    )
                    then 1
                else 0
            end
        ) as is_lost
    from checked
    inner join newest
        on
            {{ same_key(key, 'checked', 'newest') }}
            and newest._file_modified_at < checked._file_modified_at
            and newest._source_file <= checked._source_file
    where {{ is_new_row() }}
    group by
        {%- for column in key %}
        checked.{{ column }},
        {%- endfor %}
        checked._source_file,
        checked._file_id,
        checked._row_number,
        checked._row_digest,
        checked._sequence

),

per_file as (

    select
        _file_id,
        count(*) as rows_of_known_keys,
        sum(is_lost) as rows_lost,
        max(case when is_lost = 1 and _sequence < 0 then 1 else 0 end)
            as lacks_sequence
    from compared
    group by _file_id

)

{#- From `compared` alone: rows of files without positions all have the place 0, by which none is found again #}
select
    compared._source_file,
    per_file.rows_lost,
    per_file.rows_of_known_keys,
    {%- for column in key %}
    compared.{{ column }},
    {%- endfor %}
    compared._sequence
from compared
inner join per_file
    on compared._file_id = per_file._file_id
where
    compared.is_lost = 1
    and (
        per_file.rows_lost = per_file.rows_of_known_keys
        or per_file.lacks_sequence = 1
    )

{% endtest %}
