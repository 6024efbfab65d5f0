{{ config(
    incremental_strategy='replace_older',
    unique_key='patient_key',
    dist='patient_key',
    sort='patient_key',
) }}

-- The gates look at these too; a failing one must stop this model.
-- depends_on: {{ ref('stg_patients') }}
-- depends_on: {{ ref('stg_landed_files') }}
-- depends_on: {{ ref('quarantine_patients') }}

{{ guard_upsert() }}

with newest as (

    select
        patient_key,
        {{ unless_deleted(['gender', 'postal_area', 'birth_year']) }},
        updated_at,
        {{ modeled_columns() }}
    from {{ ref('int_patients__checked') }}
    where {{ newest_accepted() }}

),

-- an older row never overwrites a newer one
final as (

    select newest.*
    from newest
    {{ where_newer('newest') }}

)

select * from final
