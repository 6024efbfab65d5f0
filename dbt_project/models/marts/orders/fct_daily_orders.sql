{{ config(sort='order_date') }}

with orders as (

    select
        order_id,
        customer_id,
        currency,
        units,
        order_total,
        order_total_usd,
        is_cancelled_or_returned,
        order_date
    from {{ ref('fct_orders') }}

),

final as (

    select
        currency,
        count(order_id) as orders,
        count(distinct customer_id) as customers,
        cast(sum(units) as bigint) as units,
        cast(sum(case when is_cancelled_or_returned then 1 else 0 end) as bigint)
            as orders_cancelled_or_returned,
        cast(sum(case when order_total_usd is null then 1 else 0 end) as bigint)
            as orders_without_rate,
        cast(sum(order_total) as decimal(38, 2)) as order_total,
        cast(sum(order_total_usd) as decimal(38, 2)) as order_total_usd,
        order_date
    from orders
    group by order_date, currency

)

select * from final
