with landed as (

    select
        dataset,
        max(load_seq) as newest_load
    from {{ ref('stg_landed_files') }}
    group by dataset

),

modeled as (

    select
        model,
        dataset,
        max(upto_seq) as modeled_upto
    from {{ ref('stg_model_loads') }}
    group by model, dataset

)

select
    modeled.model,
    landed.dataset,
    landed.newest_load,
    modeled.modeled_upto,
    landed.newest_load - coalesce(modeled.modeled_upto, 0) as loads_behind
from landed
left join modeled
    on landed.dataset = modeled.dataset
order by loads_behind desc, landed.dataset asc, modeled.model asc
