select *
from {{ ref('int_providers__accepted') }}
where _version_rank = 1
