{% test accepted_values(model, column_name, values) %}

select *
from {{ model }}
where
    {{ column_name }} is not null
    and {{ column_name }} not in (
        {% for value in values -%}
        {{ sql_value(value) }}{% if not loop.last %}, {% endif %}
        {%- endfor %}
    )

{% endtest %}
