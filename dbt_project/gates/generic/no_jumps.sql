{% test no_jumps(model, value, series, at, max_ratio) %}

with compared as (

    select
        {{ series }},
        {{ at }},
        {{ value }},
        lag({{ value }}) over (partition by {{ series }} order by {{ at }})
            as previous_value
    from {{ model }}

)

select
    {{ series }},
    {{ at }},
    {{ value }},
    previous_value
from compared
where
    {{ value }} > {{ max_ratio }} * previous_value
    or {{ max_ratio }} * {{ value }} < previous_value

{% endtest %}
