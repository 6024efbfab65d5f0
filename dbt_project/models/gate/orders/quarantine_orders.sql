select *
from {{ ref('int_orders__checked') }}
where row_status = 'quarantined'
