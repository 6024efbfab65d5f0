{% test unique_key(model, key) %}

{% set columns = as_list(key) %}

with looked_at as (

    select * from {{ model }}

),

{#- keys alone are grouped: whole rows are read where some are wrong #}
repeated as (

    select
        {{ columns | join(', ') }},
        count(*) as copies
    from looked_at
    group by {{ columns | join(', ') }}
    having count(*) > 1

)

select
    looked_at.*,
    coalesce(repeated.copies, 1) as copies
from looked_at
left join repeated
    on {{ same_key(columns, 'looked_at', 'repeated') }}
where
    repeated.copies > 1
    {% for column in columns %}
    or looked_at.{{ column }} is null
    {% endfor %}

{% endtest %}
