select
    count(*) as sent_rows,
    sum(case when order_id is null then 1 else 0 end) as without_id,
    sum(case when customer_id is null then 1 else 0 end) as without_customer,
    sum(case when currency is null then 1 else 0 end) as without_currency,
    sum(case when updated_at is null then 1 else 0 end) as without_time
from order_summary
