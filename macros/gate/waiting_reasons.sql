{% macro waiting_reasons(rules={}) -%}
    {#- A delete waits for nobody -#}
    case when _operation <> 'D' then {{ join_reasons(rules) }} else '' end
{%- endmacro %}
