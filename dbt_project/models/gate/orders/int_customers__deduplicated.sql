select *
from {{ ref('int_customers__accepted') }}
where _version_rank = 1
