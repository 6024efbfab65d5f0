{% macro where_newer(row) -%}
    {%- if is_incremental() -%}
        {%- set key = as_list(config.get('unique_key')) -%}
        left join {{ this }} as modeled
            on {{ same_key(key, row, 'modeled') }}
        where
            modeled.{{ key[0] }} is null
            or {{ is_newer(row, than='modeled') }}
    {%- endif -%}
{%- endmacro %}
