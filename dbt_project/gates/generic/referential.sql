{% test referential(model, column_name, to, field) %}

with child as (

    select * from {{ model }}

)

select child.*
from child
left join {{ to }} as parent
    on child.{{ column_name }} = parent.{{ field }}
where
    child.{{ column_name }} is not null
    and parent.{{ field }} is null

{% endtest %}
