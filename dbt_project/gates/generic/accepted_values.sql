{% test accepted_values(model, column_name, values) %}

select
    {{ column_name }},
    _source_file,
    count(*) as row_count
from {{ model }}
where
    {{ column_name }} is not null
    and {{ column_name }} not in (
        {% for value in values -%}
        {{ sql_text(value, 256) }}{% if not loop.last %}, {% endif %}
        {%- endfor %}
    )
group by {{ column_name }}, _source_file

{% endtest %}
