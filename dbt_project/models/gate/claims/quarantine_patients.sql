select *
from {{ ref('int_patients__checked') }}
where row_status = 'quarantined'
