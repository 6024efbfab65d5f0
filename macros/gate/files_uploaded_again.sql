{% macro files_uploaded_again() -%}
    {#- By what the ledger recorded, so that a full refresh finds the same -#}
    select file_id
    from (
        select
            file_id,
            row_number() over (
                partition by dataset, source_file order by load_seq, file_id
            ) as version_number
        from {{ ref('stg_landed_files') }}
        where not is_undone
    ) as versions
    where version_number > 1
{%- endmacro %}
