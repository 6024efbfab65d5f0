{% test unique_key_after_dedup(model, key) %}

select
    {{ key }},
    count(*) as copies,
    min(_source_file) as _source_file
from {{ model }}
group by {{ key }}
having count(*) > 1 or {{ key }} is null

{% endtest %}
