{% macro snapshot_columns() -%}
    {{- return(['_snapshot', '_gone_in'] if entity_snapshot() else []) -}}
{%- endmacro %}
