select *
from {{ ref('int_[[ dataset ]]__checked') }}
where row_status = 'pending'
