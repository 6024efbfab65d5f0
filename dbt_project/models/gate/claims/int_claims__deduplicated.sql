select *
from {{ ref('int_claims__accepted') }}
where _version_rank = 1
