select *
from {{ ref('int_claims__checked') }}
where row_status = 'pending'
