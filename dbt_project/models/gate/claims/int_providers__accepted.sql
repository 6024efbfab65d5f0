select *
from {{ ref('int_providers__checked') }}
where row_status = 'accepted'
