{% macro columns_beside() -%}
    {%- set found = graph.get('beside', {}) if execute else {} -%}
    {{- return(found.columns.get(this.schema ~ '.' ~ this.identifier, [])
        if found.get('run_id') == invocation_id else []) -}}
{%- endmacro %}
