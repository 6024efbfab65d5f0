{{ config(dist='order_id', sort='order_date') }}

with orders as (

    select
        order_id,
        customer_id,
        order_status,
        currency,
        shipping_country,
        order_total,
        cast(ordered_at as date) as order_date,
        ordered_at,
        updated_at
    from {{ ref('orders') }}
    where not is_deleted

),

items_per_order as (

    select
        order_id,
        sum(quantity) as units
    from {{ ref('order_items') }}
    where not is_deleted
    group by order_id

),

rates as (

    select
        ccy,
        rate_to_usd,
        as_of_date,
        valid_to_date
    from {{ ref('dim_fx') }}

),

final as (

    select
        orders.order_id,
        orders.customer_id,
        orders.order_status,
        orders.currency,
        orders.shipping_country,
        cast(coalesce(items_per_order.units, 0) as bigint) as units,
        orders.order_total,
        rates.rate_to_usd,
        -- every total at every rate fits: one order stops no mart
        cast(
            round(orders.order_total * rates.rate_to_usd, 2) as decimal(38, 2)
        ) as order_total_usd,
        orders.order_status in ('cancelled', 'returned') as is_cancelled_or_returned,
        orders.order_date,
        orders.ordered_at,
        orders.updated_at
    from orders
    left join items_per_order
        on orders.order_id = items_per_order.order_id
    -- as of the order's day; `dim_fx` says how long a rate counts
    left join rates
        on
            orders.currency = rates.ccy
            and orders.order_date >= rates.as_of_date
            and orders.order_date < rates.valid_to_date

)

select * from final
