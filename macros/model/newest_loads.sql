{% macro newest_loads(model_loads) -%}
    select
        dataset,
        max(upto_seq) as upto_seq
    from {{ model_loads }}
    where model in ('{{ entity_models() | join("', '") }}')
    group by dataset
{%- endmacro %}
