select *
from {{ ref('int_products__checked') }}
where row_status = 'quarantined'
