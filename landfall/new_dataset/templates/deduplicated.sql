select *
from {{ ref('int_[[ dataset ]]__accepted') }}
where _version_rank = 1
