{% macro files_stored_again(staged, loads) -%}
    {%- set of_key = 'partition by landed.dataset, landed.source_file' -%}
    {#- Rows that have left landing, being old, tell no time any more: it may have been before all others -#}
    {%- set stored_at = 'coalesce(contents.stored_at, ' ~ no_time() ~ ')' -%}
    {%- set oldest_first = 'order by ' ~ stored_at ~ ', landed.file_id rows unbounded preceding' -%}
    select
        file_id,
        case when content = first_content then first_stored_at end as copy_of_at,
        content <> first_content as has_other_rows
    from (
        select
            landed.file_id,
            contents.content,
            first_value({{ stored_at }}) over ({{ of_key }} {{ oldest_first }}) as first_stored_at,
            first_value(contents.content) over ({{ of_key }} {{ oldest_first }}) as first_content
        from {{ ref('stg_landed_files') }} as landed
        left join (
            {#- Not by ETag: that of an object which is encrypted anew is another one -#}
            select
                _file_id,
                min(_file_modified_at) as stored_at,
                cast(count(*) as varchar(20))
                {%- for start in (1, 16) %}
                || ' ' || cast(sum(cast(strtol(substring(row_told, {{ start }}, 15), 16) as numeric(38,0))) as varchar(40))
                {%- endfor %} as content
            from (
                select
                    _file_id,
                    _file_modified_at,
                    md5(cast(_row_number as varchar(20)) || ' ' || _row_digest) as row_told
                from {{ staged }}
                {%- if loads is not none %}
                where {{ among_loads(loads, '_dataset', '_load_seq') }}
                {%- endif %}
            ) as rows_told
            group by _file_id
        ) as contents
            on landed.file_id = contents._file_id
        {%- if loads is not none %}
        {#- A version whose rows are in landing, and of which staging keeps none, says nothing: it has no place. By landing
            itself, since the rows may leave it while the run goes on #}
        left join (
            {%- for dataset, numbers in loads.items() %}
            select distinct _file_id
            from {{ api.Relation.create(database=target.database, schema='landing', identifier=dataset) }}
            where {{ among_loads({dataset: numbers}, "'" ~ dataset ~ "'", '_load_seq') }}
            {% if not loop.last %}union all{% endif %}
            {%- endfor %}
        ) as in_landing
            on landed.file_id = in_landing._file_id
        {%- endif %}
        where
            not landed.is_undone
            and landed.row_count > 0
            {%- if loads is not none %}
            and ({{ among_loads(loads, 'landed.dataset', 'landed.load_seq') }})
            and (contents._file_id is not null or in_landing._file_id is null)
            {%- endif %}
    ) as versions
{%- endmacro %}
