select *
from {{ ref('int_orders__accepted') }}
where _version_rank = 1
