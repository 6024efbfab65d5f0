select *
from {{ ref('int_fx_rates__checked') }}
where row_status = 'accepted'
