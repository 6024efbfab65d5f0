{% macro is_newer(row, than) -%}
    {%- set order = order_columns() -%}
    (
    {%- for column in order %}
        {% if not loop.first %}or {% endif -%}
        (
        {%- for equal in order[:loop.index0] -%}
            {{ row }}.{{ equal }} = {{ than }}.{{ equal }} and {% endfor -%}
            {{ row }}.{{ column }} {{ '<' if column == '_gone_in' else '>' }} {{ than }}.{{ column }})
    {%- endfor %}
    )
{%- endmacro %}
