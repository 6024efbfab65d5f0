{% macro declared_columns() -%}
    {#- dbt reads the YAML after the SQL: while it looks for references there are none yet -#}
    {%- if execute and not model.columns -%}
        {%- do exceptions.raise_compiler_error(
            model.name ~ " has no columns: its YAML declares them. A unit test brings them along, as"
            ~ " overrides: {macros: {declared_columns: *columns}}") -%}
    {%- endif -%}
    {{- return(model.columns.values() | list) -}}
{%- endmacro %}
