select *
from {{ ref('int_order_items__checked') }}
where row_status = 'pending'
