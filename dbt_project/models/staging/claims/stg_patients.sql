with identities as (

    select
        patient_key,
        patient_name,
        member_number,
        gender,
        postal_code,
        birth_date,
        updated_at,
        _narrowing_reasons,
        _business_at,
        _row_digest,
        {{ change_columns() }},
        {{ file_columns() }}
    from {{ ref('stg_patient_identities') }}

),

final as (

    select
        patient_key,
        gender,
        cast(left(postal_code, 3) as varchar(3)) as postal_area,
        cast(extract(year from birth_date) as integer) as birth_year,
        patient_name is not null as has_name,
        member_number is not null as has_member_number,
        updated_at,
        _narrowing_reasons,
        _business_at,
        _row_digest,
        {{ change_columns() }},
        {{ file_columns() }}
    from identities

)

select * from final
