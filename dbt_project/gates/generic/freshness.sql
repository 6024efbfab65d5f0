{% test freshness(model, column_name, max_age_hours) %}

select
    max({{ column_name }}) as newest,
    datediff(hour, max({{ column_name }}), getdate()) as age_in_hours
from {{ model }}
having datediff(hour, max({{ column_name }}), getdate()) > {{ max_age_hours }}

{% endtest %}
