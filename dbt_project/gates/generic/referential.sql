{% test referential(model, column_name, to, field) %}

select
    child.{{ column_name }},
    child._source_file,
    count(*) as row_count
from {{ model }} as child
left join {{ to }} as parent
    on child.{{ column_name }} = parent.{{ field }}
where parent.{{ field }} is null
group by child.{{ column_name }}, child._source_file

{% endtest %}
