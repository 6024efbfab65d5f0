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

{% set key = ['patient_key'] %}
{% set columns = business_columns() %}
{% set bounds = load_bounds() %}

with to_check as (

    {{ rows_to_check(ref('stg_patients'), key, columns, bounds) }}

),

judged as (

    select
        to_check.*,
        {{ reject_reasons(
            always={
                'patient_id_missing': 'patient_key is null',
                'updated_at_missing': is_missing('updated_at'),
                'updated_at_out_of_range': is_out_of_time('updated_at'),
            },
            unless_deleted={
                'patient_name_missing': 'not has_name',
                'member_number_missing': 'not has_member_number',
                'gender_unknown': "gender not in ('female', 'male', 'other')",
                'postal_code_malformed': "postal_area !~ '^[0-9]{3}$'",
                'birth_date_missing': is_missing('birth_year'),
                'birth_date_out_of_range': 'birth_year < 1900
                    or birth_year > extract(year from _file_modified_at)',
            },
        ) }} as reasons,
        {{ waiting_reasons() }} as waits_for
    from to_check

),


final as (

    {{ sorted_rows('judged', key, columns, bounds) }}

)

select * from final
