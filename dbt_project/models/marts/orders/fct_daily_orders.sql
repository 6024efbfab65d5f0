{{ config(sort='order_date') }}

with orders as (

    select
        order_id,
        customer_id,
        order_status,
        currency,
        order_total,
        ordered_at
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

orders_with_units as (

    select
        orders.order_id,
        orders.customer_id,
        orders.order_status,
        orders.currency,
        orders.order_total,
        coalesce(items_per_order.units, 0) as units,
        case
            when orders.order_status in ('cancelled', 'returned') then 1
            else 0
        end as cancelled_or_returned,
        cast(orders.ordered_at as date) as order_date
    from orders
    left join items_per_order
        on orders.order_id = items_per_order.order_id

),

final as (

    select
        cast(currency as varchar(3)) as currency,
        cast(count(order_id) as bigint) as orders,
        cast(count(distinct customer_id) as bigint) as customers,
        cast(sum(units) as bigint) as units,
        cast(sum(cancelled_or_returned) as bigint) as orders_cancelled_or_returned,
        cast(sum(order_total) as decimal(38, 2)) as order_total,
        order_date
    from orders_with_units
    group by order_date, currency

)

select * from final
