{{ config(
    incremental_strategy='replace_older',
    unique_key='order_item_id',
    dist='order_id',
    sort='order_id',
) }}

-- The gates look at these too; a failing one must stop this model.
-- depends_on: {{ ref('stg_order_items') }}
-- depends_on: {{ ref('stg_landed_files') }}
-- depends_on: {{ ref('quarantine_order_items') }}
-- depends_on: {{ ref('pending_order_items') }}

{{ guard_upsert() }}

with newest as (

    select
        order_item_id,
        order_id,
        product_id,
        quantity,
        unit_price,
        discount_amount,
        line_total,
        updated_at,
        {{ modeled_columns() }}
    from {{ ref('int_order_items__checked') }}
    where {{ newest_accepted() }}

),

-- an older row never overwrites a newer one
final as (

    select newest.*
    from newest
    {{ where_newer('newest') }}

)

select * from final
