{{ config(schema='restricted') }}

{% set types = business_columns() %}

with landed as (

    select
        patient_id,
        patient_name,
        member_number,
        gender,
        postal_code,
        birth_date,
        updated_at,
        {{ change_columns('patients') }},
        {{ file_columns('patients') }}
    from {{ source('landing', 'patients') }}

),

masking as (

    select max(masking_key) as masking_key
    from {{ source('restricted', 'masking_key') }}

),

narrowed as (

    select
        {{ narrow_columns(types) }},
        {{ narrowing_reasons(types) }} as _narrowing_reasons,
        {{ change_columns() }},
        {{ file_columns() }}
    from landed

),

-- the digest is seen outside: a plain one would let names and birth dates be tried out
final as (

    select
        {{ mask('patient_id') }} as patient_key,
        narrowed.*,
        {{ business_time(['updated_at']) }} as _business_at,
        {{ row_digest({
            mask('patient_id'): 'varchar(64)',
            mask('patient_name'): 'varchar(64)',
            mask('member_number'): 'varchar(64)',
            mask('postal_code'): 'varchar(64)',
            mask('birth_date'): 'varchar(64)',
            'gender': types.gender,
            'updated_at': types.updated_at,
        }) }} as _row_digest
    from narrowed
    cross join masking

)

select * from final
