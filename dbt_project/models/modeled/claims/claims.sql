{{ config(
    incremental_strategy='replace_older',
    unique_key='claim_id',
    dist='patient_key',
    sort='service_date',
) }}

-- The gates look at these too; a failing one must stop this model.
-- depends_on: {{ ref('stg_claims') }}
-- depends_on: {{ ref('stg_landed_files') }}
-- depends_on: {{ ref('quarantine_claims') }}
-- depends_on: {{ ref('pending_claims') }}

{{ guard_upsert() }}

with newest as (

    select
        claim_id,
        patient_key,
        provider_id,
        claim_status,
        claim_type,
        diagnosis_code,
        procedure_code,
        billed_amount,
        allowed_amount,
        paid_amount,
        service_date,
        submitted_at,
        updated_at,
        {{ modeled_columns() }}
    from {{ ref('int_claims__checked') }}
    where {{ newest_accepted() }}

),

-- an older row never overwrites a newer one
final as (

    select newest.*
    from newest
    {{ where_newer('newest') }}

)

select * from final
