{{ config(dist='product_id', sort='product_id') }}

with products as (

    select
        product_id,
        product_name,
        category,
        currency,
        unit_price,
        is_active,
        updated_at
    from {{ ref('products') }}
    where not is_deleted

)

select * from products
