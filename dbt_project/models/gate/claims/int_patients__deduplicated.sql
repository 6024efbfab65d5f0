select *
from {{ ref('int_patients__accepted') }}
where _version_rank = 1
