{% macro among_loads(loads, dataset, load_seq) -%}
    {%- for name, numbers in loads.items() %}
    {% if not loop.first %}or {% endif -%}
    (
        {{ dataset }} = '{{ name }}'
        {%- if numbers | length > 500 %}
        and {{ load_seq }} between {{ numbers | min }} and {{ numbers | max }}
        {%- else %}
        and {{ load_seq }} in ({{ numbers | join(', ') }})
        {%- endif %}
    )
    {%- endfor %}
{%- endmacro %}
