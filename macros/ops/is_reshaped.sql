{% macro is_reshaped() -%}
    {%- set found = graph.get('reshaped', {}) if execute else {} -%}
    {{- return(found.get('run_id') == invocation_id
        and not flags.EMPTY
        and model.config.get('meta', {}).get('entity') in found.entities) -}}
{%- endmacro %}
