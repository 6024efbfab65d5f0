{{ config(sort=['ccy', 'as_of_date']) }}

with rates as (

    select
        as_of_date,
        ccy,
        rate_to_usd,
        lead(as_of_date) over (partition by ccy order by as_of_date)
            as next_as_of_date
    from {{ ref('fx_rates') }}
    -- what a dollar is worth in dollars needs nobody to publish it
    where not is_deleted and ccy <> 'USD'

),

aged as (

    select
        as_of_date,
        ccy,
        rate_to_usd,
        next_as_of_date,
        cast(
            dateadd(day, {{ var('landfall_fx_max_age_days') }} + 1, as_of_date)
            as date
        ) as too_old_date
    from rates

),

final as (

    select
        cast(ccy as varchar(3)) as ccy,
        cast(rate_to_usd as decimal(20, 10)) as rate_to_usd,
        as_of_date,
        cast(
            least(coalesce(next_as_of_date, too_old_date), too_old_date) as date
        ) as valid_to_date
    from aged

    union all

    select
        cast('USD' as varchar(3)) as ccy,
        cast(1 as decimal(20, 10)) as rate_to_usd,
        date '1970-01-01' as as_of_date,
        date '9999-12-31' as valid_to_date

)

select * from final
