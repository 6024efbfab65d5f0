{% macro is_unplaced(row=none) -%}
    {%- set prefix = row ~ '.' if row else '' -%}
    {%- set ordered_by = order_of_entity() -%}
    {%- if ordered_by == 'sequence' -%}
        {{ prefix }}_operation = 'D' and {{ prefix }}_sequence < 0
    {%- elif ordered_by == 'time' -%}
        {%- set feeds = feeds_ordered_by(['time'], entity_datasets()) -%}
        {{ prefix }}_business_at = {{ no_time() }} and (
            {{ prefix }}_operation = 'D'
            {%- if feeds %} or {{ prefix }}_dataset in ('{{ feeds | join("', '") }}'){% endif -%}
        )
    {%- else -%}
        1 = 0
    {%- endif -%}
{%- endmacro %}
