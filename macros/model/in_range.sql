{% macro in_range(bounds, alias) -%}
    {%- for dataset, range in bounds.items() -%}
        {% if not loop.first %} or {% endif -%}
        ({{ alias }}._dataset = '{{ dataset }}' and {{ alias }}._load_seq > {{ range.from_seq }} and {{ alias }}._load_seq <= {{ range.upto_seq }})
    {%- else -%}
        1 = 0
    {%- endfor -%}
{%- endmacro %}
