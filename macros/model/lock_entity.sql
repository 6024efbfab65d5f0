{% macro lock_entity() -%}
    lock {{ mutex_table(entity_config('entity')) }}
{%- endmacro %}
