with quarantined as (

    {% for entity in [
        'orders', 'order_items', 'customers', 'products',
        'fx_rates', 'claims', 'providers', 'patients',
    ] %}
        select
            '{{ entity }}' as entity,
            reject_reason,
            _source_file,
            _loaded_at
        from {{ ref('quarantine_' ~ entity) }}
        {% if not loop.last %}union all{% endif %}
    {% endfor %}

)

select
    entity,
    reject_reason,
    count(*) as quarantined_rows,
    min(_loaded_at) as first_loaded_at,
    max(_source_file) as example_file
from quarantined
group by entity, reject_reason
order by quarantined_rows desc, entity asc, reject_reason asc
