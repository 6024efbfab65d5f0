select *
from {{ ref('int_customers__checked') }}
where row_status = 'accepted'
