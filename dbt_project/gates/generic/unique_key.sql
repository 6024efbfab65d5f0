{% test unique_key(model, key) %}

{% set columns = as_list(key) %}

{#- keys alone are grouped, in a pass of their own: no row is kept for two #}
with keys as (

    select {{ columns | join(', ') }}
    from {{ model }}

),

faulty as (

    select
        {{ columns | join(', ') }},
        count(*) as copies
    from keys
    group by {{ columns | join(', ') }}
    having
        count(*) > 1
        {% for column in columns %}
        or {{ column }} is null
        {% endfor %}

),

{#- whole rows are looked for where a key is faulty alone #}
repeated as (

    select
        looked_at.*,
        faulty.copies
    from (select * from {{ model }}) as looked_at
    inner join faulty
        on {{ same_key(columns, 'looked_at', 'faulty') }}

),

without_key as (

    select
        looked_at.*,
        1 as copies
    from (select * from {{ model }}) as looked_at
    where
        (
            {% for column in columns %}
            {% if not loop.first %}or {% endif %}looked_at.{{ column }} is null
            {% endfor %}
        )
        and exists (
            select 1 from faulty
            where
                {% for column in columns %}
                {% if not loop.first %}or {% endif %}faulty.{{ column }} is null
                {% endfor %}
        )

),

final as (

    select * from repeated
    union all
    select * from without_key

)

select * from final

{% endtest %}
