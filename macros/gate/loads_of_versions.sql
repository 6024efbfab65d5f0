{% macro loads_of_versions(bounds) -%}
    {#- Asked when the model is compiled: numbers in its SQL prune, and where no file was stored again nothing is
        compared. A unit test and SQL that is only rendered compare whatever there is -#}
    {%- if not is_building() or model.resource_type == 'unit_test' -%}
        {{- return(none) -}}
    {%- endif -%}
    {%- set query -%}
        select dataset, load_seq
        from (
            select
                dataset,
                load_seq,
                count(*) over (partition by dataset, source_file) as version_count,
                max(case
                    {%- for dataset, range in bounds.items() %}
                    when dataset = '{{ dataset }}' and load_seq > {{ range.from_seq }} then 1
                    {%- endfor %}
                    {%- if is_incremental() %}
                    when waiting._file_id is not null then 1
                    {%- endif %}
                    else 0
                end) over (partition by dataset, source_file) as is_looked_at
            from {{ ref('stg_landed_files') }} as landed
            {%- if is_incremental() %}
            left join (select distinct _file_id from {{ this }}) as waiting
                on landed.file_id = waiting._file_id
            {%- endif %}
            where
                not is_undone
                and row_count > 0
                and (
                    {%- for dataset, range in bounds.items() %}
                    {% if not loop.first %}or {% endif -%}
                    (dataset = '{{ dataset }}' and load_seq <= {{ range.upto_seq }})
                    {%- endfor %}
                )
        ) as versions
        where version_count > 1 and is_looked_at = 1
        group by dataset, load_seq
    {%- endset -%}
    {%- set loads = {} -%}
    {%- for dataset, load_seq in run_query(query).rows -%}
        {%- do loads.setdefault(dataset, []).append(load_seq | int) -%}
    {%- endfor -%}
    {{- return(loads) -}}
{%- endmacro %}
