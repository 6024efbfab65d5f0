select *
from {{ ref('int_order_items__accepted') }}
where _version_rank = 1
