{% macro within_bounds(bounds, snapshots=none) -%}
    {%- set of = snapshots ~ '.' if snapshots else '' -%}
    {%- for dataset, range in bounds.items() -%}
        {% if not loop.first %} or {% endif -%}
        ({{ of }}dataset = '{{ dataset }}' and {{ of }}complete_seq <= {{ range.upto_seq }})
    {%- else -%}
        1 = 1
    {%- endfor -%}
{%- endmacro %}
