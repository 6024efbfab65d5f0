{{ config(
    incremental_strategy='replace_older',
    unique_key='order_id',
    dist='order_id',
    sort='ordered_at',
) }}

-- The gates look at these too; a failing one must stop this model.
-- depends_on: {{ ref('stg_orders') }}
-- depends_on: {{ ref('stg_landed_files') }}
-- depends_on: {{ ref('quarantine_orders') }}

{{ guard_upsert() }}

with newest as (

    select
        order_id,
        customer_id,
        order_status,
        currency,
        shipping_country,
        item_count,
        order_total,
        ordered_at,
        updated_at,
        {{ modeled_columns() }}
    from {{ ref('int_orders__checked') }}
    where {{ newest_accepted() }}

),

-- an older row never overwrites a newer one
final as (

    select newest.*
    from newest
    {{ where_newer('newest') }}

)

select * from final
