select *
from {{ ref('int_products__accepted') }}
where _version_rank = 1
