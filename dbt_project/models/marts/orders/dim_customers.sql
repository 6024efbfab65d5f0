{{ config(dist='customer_id', sort='customer_id') }}

with customers as (

    select
        customer_id,
        customer_name,
        email,
        country,
        created_at,
        updated_at
    from {{ ref('customers') }}
    where not is_deleted

)

select * from customers
