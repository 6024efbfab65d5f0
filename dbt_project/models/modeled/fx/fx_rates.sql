{{ config(
    incremental_strategy='replace_older',
    unique_key=['as_of_date', 'ccy'],
    dist='as_of_date',
    sort='as_of_date',
) }}

-- The gates look at these too; a failing one must stop this model.
-- depends_on: {{ ref('stg_fx_rates') }}
-- depends_on: {{ ref('stg_landed_files') }}
-- depends_on: {{ ref('quarantine_fx_rates') }}

{{ guard_upsert() }}

with newest as (

    select
        as_of_date,
        ccy,
        rate_to_usd,
        source,
        updated_at,
        {{ modeled_columns() }}
    from {{ ref('int_fx_rates__checked') }}
    where {{ newest_accepted() }}

),

-- an older row never overwrites a newer one
final as (

    select newest.*
    from newest
    {{ where_newer('newest') }}

)

select * from final
