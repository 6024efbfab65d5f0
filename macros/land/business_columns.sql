{% macro business_columns() -%}
    {%- set types = {} -%}
    {%- set declared = declared_columns() -%}
    {#- dbt reads the YAML after the SQL: while it looks for references there are none yet -#}
    {%- if execute and not declared -%}
        {%- do exceptions.raise_compiler_error(
            model.name ~ " has no columns: its YAML declares them. A unit test brings them along, as"
            ~ " overrides: {macros: {declared_columns: *columns}}") -%}
    {%- endif -%}
    {%- for column in declared if column.data_type -%}
        {%- if not column.name.startswith('_') and column.name not in ['reject_reason', 'row_status'] -%}
            {%- do types.update({column.name: column.data_type}) -%}
        {%- endif -%}
    {%- endfor -%}
    {{- return(types) -}}
{%- endmacro %}
