{{ config(schema='restricted', materialized='view', bind=false) }}

with patients as (

    select
        patient_key,
        _file_id,
        _row_digest
    from {{ ref('patients') }}
    where not is_deleted

),

identities as (

    select
        patient_key,
        patient_id,
        patient_name,
        member_number,
        postal_code,
        birth_date,
        _file_id,
        _row_digest
    from {{ ref('stg_patient_identities') }}

),

-- the very row that is modeled; a file may hold it twice
final as (

    select distinct
        identities.patient_key,
        identities.patient_id,
        identities.patient_name,
        identities.member_number,
        identities.postal_code,
        identities.birth_date
    from patients
    inner join identities
        on
            patients.patient_key = identities.patient_key
            and patients._file_id = identities._file_id
            and patients._row_digest = identities._row_digest

)

select * from final
