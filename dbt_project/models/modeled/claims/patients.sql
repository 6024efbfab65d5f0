{{ config(
    unique_key='patient_key',
    dist='patient_key',
    sort='patient_key',
) }}

-- The gates look at these too; a failing one must stop this model.
-- depends_on: {{ ref('stg_patients') }}
-- depends_on: {{ ref('stg_landed_files') }}
-- depends_on: {{ ref('int_patients__checked') }}
-- depends_on: {{ ref('int_patients__accepted') }}
-- depends_on: {{ ref('quarantine_patients') }}

{{ guard_upsert() }}

with newest as (

    select
        patient_key,
        {{ unless_deleted(['gender', 'postal_area', 'birth_year']) }},
        updated_at,
        {{ modeled_columns() }}
    from {{ ref('int_patients__deduplicated') }}
    where {{ of_this_run() }}

),

-- an older row never overwrites a newer one
final as (

    select newest.*
    from newest
    {{ where_newer('newest') }}

)

select * from final
