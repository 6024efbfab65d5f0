{{ config(
    incremental_strategy='replace_older',
    unique_key='provider_id',
    dist='provider_id',
    sort='provider_id',
) }}

-- The gates look at these too; a failing one must stop this model.
-- depends_on: {{ ref('stg_providers') }}
-- depends_on: {{ ref('stg_landed_files') }}
-- depends_on: {{ ref('quarantine_providers') }}

{{ guard_upsert() }}

with newest as (

    select
        provider_id,
        npi,
        provider_name,
        specialty,
        state,
        is_in_network,
        updated_at,
        {{ modeled_columns() }}
    from {{ ref('int_providers__checked') }}
    where {{ newest_accepted() }}

),

-- an older row never overwrites a newer one
final as (

    select newest.*
    from newest
    {{ where_newer('newest') }}

)

select * from final
