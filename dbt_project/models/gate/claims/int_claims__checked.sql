{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    dist='patient_key',
    sort='_load_seq',
    pre_hook="{{ lock_entity() }}",
    post_hook=[
        "{{ keep_this_run_only() }}",
        "{{ record_checked_range() }}",
    ],
) }}

-- depends_on: {{ ref('stg_landed_files') }}
-- depends_on: {{ ref('stg_model_loads') }}

{% set key = ['claim_id'] %}
{% set columns = business_columns() %}
{% set bounds = load_bounds() %}

with to_check as (

    {{ rows_to_check(ref('stg_claims'), key, columns, bounds) }}

),

-- deleted ones too: that they ever existed is all that a claim may ask
known_providers as (

    select provider_id as known_provider_id
    from {{ ref('providers') }}

),

known_patients as (

    select patient_key as known_patient_key
    from {{ ref('patients') }}

),

judged as (

    select
        to_check.*,
        {{ reject_reasons(
            always={
                'claim_id_missing': is_missing('claim_id'),
                'updated_at_missing': is_missing('updated_at'),
                'updated_at_out_of_range': is_out_of_time('updated_at'),
            },
            unless_deleted={
                'patient_id_missing': 'patient_key is null',
                'provider_id_missing': is_missing('provider_id'),
                'claim_status_missing': is_missing('claim_status'),
                'claim_status_unknown': "claim_status not in (
                    'submitted', 'in_review', 'approved', 'paid', 'denied'
                )",
                'claim_type_missing': is_missing('claim_type'),
                'claim_type_unknown': "claim_type not in (
                    'professional', 'outpatient', 'inpatient'
                )",
                'diagnosis_code_missing': is_missing('diagnosis_code'),
                'diagnosis_code_malformed': "diagnosis_code
                    !~ '^[A-Z][0-9][0-9A-Z]([.][0-9A-Z]{1,4})?$'",
                'procedure_code_missing': is_missing('procedure_code'),
                'procedure_code_malformed': "procedure_code
                    !~ '^([0-9]{4}[0-9A-Z]|[A-Z][0-9]{4})$'",
                'billed_amount_missing': is_missing('billed_amount'),
                'billed_amount_not_positive': 'billed_amount <= 0',
                'allowed_amount_negative': 'allowed_amount < 0',
                'allowed_exceeds_billed': 'billed_amount > 0
                    and allowed_amount > billed_amount',
                'paid_amount_negative': 'paid_amount < 0',
                'paid_exceeds_allowed': 'paid_amount > coalesce(allowed_amount, 0)',
                'paid_amount_missing': "claim_status = 'paid'
                    and " ~ is_missing('paid_amount'),
                'service_date_missing': is_missing('service_date'),
                'service_date_out_of_range': is_out_of_time('service_date'),
                'submitted_at_missing': is_missing('submitted_at'),
                'submitted_at_out_of_range': is_out_of_time('submitted_at'),
                'submitted_before_service': 'submitted_at < service_date',
            },
        ) }} as reasons,
        {{ waiting_reasons({
            'provider_not_known': 'known_providers.known_provider_id is null',
            'patient_not_known': 'known_patients.known_patient_key is null',
        }) }} as waits_for
    from to_check
    left join known_providers
        on to_check.provider_id = known_providers.known_provider_id
    left join known_patients
        on to_check.patient_key = known_patients.known_patient_key

),


final as (

    {{ sorted_rows('judged', key, columns, bounds) }}

)

select * from final
