{% macro within_bounds(bounds) -%}
    {%- for dataset, range in bounds.items() -%}
        {% if not loop.first %} or {% endif -%}
        (dataset = '{{ dataset }}' and complete_seq <= {{ range.upto_seq }})
    {%- else -%}
        1 = 1
    {%- endfor -%}
{%- endmacro %}
