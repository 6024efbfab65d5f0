{{ config(
    incremental_strategy='replace_older',
    unique_key='product_id',
    dist='product_id',
    sort='product_id',
) }}

-- The gates look at these too; a failing one must stop this model.
-- depends_on: {{ ref('stg_products') }}
-- depends_on: {{ ref('stg_landed_files') }}
-- depends_on: {{ ref('quarantine_products') }}

{{ guard_upsert() }}

with newest as (

    select
        product_id,
        product_name,
        category,
        currency,
        unit_price,
        is_active,
        updated_at,
        {{ modeled_columns() }}
    from {{ ref('int_products__checked') }}
    where {{ newest_accepted() }}

),

-- an older row never overwrites a newer one
final as (

    select newest.*
    from newest
    {{ where_newer('newest') }}

)

select * from final
