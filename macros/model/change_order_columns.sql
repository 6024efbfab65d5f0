{% macro change_order_columns() -%}
    {{- return({
        '_sequence_dataset': {'type': 'varchar(128)', 'missing': "''"},
        '_sequence': {'type': 'numeric(38,0)', 'missing': '-1'},
        '_row_number': {'type': 'bigint', 'missing': '0'},
    }) -}}
{%- endmacro %}
