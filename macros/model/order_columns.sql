{% macro order_columns() -%}
    {%- set columns = [
        '_file_modified_at', '_source_file', '_file_id', '_row_number', '_row_digest',
    ] -%}
    {%- set ordered_by = order_of_entity() -%}
    {%- if ordered_by in ('time', 'sequence') -%}
        {%- set columns = ['_sequence_dataset', '_sequence'] + columns -%}
    {%- endif -%}
    {%- if ordered_by == 'time' -%}
        {%- set columns = ['_business_at'] + columns -%}
    {%- endif -%}
    {%- if not keeps_order() -%}
        {#- An entity that was written before there were such columns: its contract lacks them -#}
        {%- set columns = ['_business_at', '_file_modified_at', '_file_id', '_row_digest'] -%}
    {%- endif -%}
    {{- return(snapshot_columns() + columns) -}}
{%- endmacro %}
