{{ config(
    incremental_strategy='replace_older',
    unique_key='customer_id',
    dist='customer_id',
    sort='customer_id',
) }}

-- The gates look at these too; a failing one must stop this model.
-- depends_on: {{ ref('stg_customers') }}
-- depends_on: {{ ref('stg_landed_files') }}
-- depends_on: {{ ref('quarantine_customers') }}

{{ guard_upsert() }}

with newest as (

    select
        customer_id,
        {{ unless_deleted([
            'customer_name',
            'email',
            'country',
            'created_at',
        ]) }},
        updated_at,
        {{ modeled_columns() }}
    from {{ ref('int_customers__checked') }}
    where {{ newest_accepted() }}

),

-- an older row never overwrites a newer one
final as (

    select newest.*
    from newest
    {{ where_newer('newest') }}

)

select * from final
