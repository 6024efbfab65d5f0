{% macro business_columns() -%}
    {%- set types = {} -%}
    {%- for column in declared_columns() if column.data_type -%}
        {%- if not column.name.startswith('_') and column.name not in ['reject_reason', 'row_status'] -%}
            {%- do types.update({column.name: column.data_type}) -%}
        {%- endif -%}
    {%- endfor -%}
    {{- return(types) -}}
{%- endmacro %}
