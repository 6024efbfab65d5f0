{% test no_long_waits(model, max_age_hours) %}

select *
from {{ model }}
where
    row_status = 'pending'
    and datediff(hour, _loaded_at, getdate()) > {{ max_age_hours }}

{% endtest %}
