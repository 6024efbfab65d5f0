{% macro declared_kind(dataset, column) -%}
    {%- set types = {} -%}
    {%- for name, declared in landing_source(dataset).columns.items() -%}
        {%- do types.update({name | lower: declared.data_type or 'no type'}) -%}
    {%- endfor -%}
    {%- set type = types.get(column | lower, 'no column') -%}
    {%- set kind = type_kind(type) -%}
    {%- if not kind -%}
        {%- do exceptions.raise_compiler_error(
            "changes of " ~ dataset ~ " name " ~ column ~ ", which is declared as " ~ type ~ ": give it the data_type"
            ~ " that landing has") -%}
    {%- endif -%}
    {{- return(kind) -}}
{%- endmacro %}
