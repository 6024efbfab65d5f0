{% macro declared_kind(dataset, column) -%}
    {%- set kinds = {} -%}
    {%- for name, declared in landing_source(dataset).columns.items() -%}
        {%- do kinds.update({name | lower: ((declared.data_type or '') | lower).split('(')[0] | trim}) -%}
    {%- endfor -%}
    {{- return(kinds[column | lower]) -}}
{%- endmacro %}
