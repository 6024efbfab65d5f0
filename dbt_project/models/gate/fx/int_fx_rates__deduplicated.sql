select *
from {{ ref('int_fx_rates__accepted') }}
where _version_rank = 1
