{% test unique_key(model, key) %}

{% set columns = as_list(key) %}

with counted as (

    select
        *,
        count(*) over (partition by {{ columns | join(', ') }}) as copies
    from {{ model }}

)

select *
from counted
where
    copies > 1
    {% for column in columns %}
    or {{ column }} is null
    {% endfor %}

{% endtest %}
