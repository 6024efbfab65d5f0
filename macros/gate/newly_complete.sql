{% macro newly_complete(bounds) -%}
    select file_id
    from {{ ref('stg_snapshots') }}
    where
        1 = 0
        {%- for dataset, range in bounds.items() %}
        or (
            dataset = '{{ dataset }}'
            and complete_seq > {{ range.from_seq }}
            and complete_seq <= {{ range.upto_seq }}
        )
        {%- endfor %}
{%- endmacro %}
