select
    ccy,
    as_of_date,
    rate_to_usd,
    cast(
        round(
            rate_to_usd
            / nullif(
                lag(rate_to_usd) over (partition by ccy order by as_of_date), 0
            )
            - 1,
            6
        )
        as decimal(12, 6)
    ) as change_share
from {{ ref('dim_fx') }}
order by ccy, as_of_date
