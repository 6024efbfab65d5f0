{% test unique_key(model, key) %}

{% set columns = as_list(key) %}

{#- keys alone are grouped, in a pass of their own: no row is kept for two #}
with keys as (

    select {{ columns | join(', ') }}
    from {{ model }}

),

repeated as (

    select
        {{ columns | join(', ') }},
        count(*) as copies
    from keys
    group by {{ columns | join(', ') }}
    having count(*) > 1

),

looked_at as (

    select * from {{ model }}

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
