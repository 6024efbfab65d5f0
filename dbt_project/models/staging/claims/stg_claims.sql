{% set types = business_columns() %}
{% set identifying = {'patient_id': 'varchar(64)'} %}

with landed as (

    select
        claim_id,
        patient_id,
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
        {{ change_columns('claims') }},
        {{ file_columns('claims') }}
    from {{ source('landing', 'claims') }}

),

masking as (

    select max(masking_key) as masking_key
    from {{ source('restricted', 'masking_key') }}

),

narrowed as (

    select
        {{ narrow_columns(dict(types, **identifying)) }},
        {{ narrowing_reasons(dict(types, **identifying)) }} as _narrowing_reasons,
        {{ change_columns() }},
        {{ file_columns() }}
    from landed

),

masked as (

    select
        {{ mask('patient_id') }} as patient_key,
        {{ types | join(', ') }},
        narrowed._narrowing_reasons,
        {{ change_columns() }},
        {{ file_columns() }}
    from narrowed
    cross join masking

),

final as (

    select
        masked.*,
        {{ business_time(['updated_at']) }} as _business_at,
        {{ row_digest(dict(types, patient_key='varchar(64)')) }} as _row_digest
    from masked

)

select * from final
