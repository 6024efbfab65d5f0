{% macro carried_over(bounds) -%}
    not (_load_seq > {{ bounds.from_seq }} and _load_seq <= {{ bounds.upto_seq }})
    and (
        row_status <> 'accepted'
        or _run_id not in (
            select run_id from {{ ref('stg_model_loads') }}
            where model = '{{ model_name(upserted_table(entity_config("entity"))) }}'
        )
    )
    and _file_id not in (
        select file_id from {{ ref('stg_landed_files') }}
        where is_undone
    )
{%- endmacro %}
