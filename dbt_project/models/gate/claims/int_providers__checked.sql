{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    dist='provider_id',
    sort='_load_seq',
    pre_hook="{{ lock_entity() }}",
    post_hook=[
        "{{ keep_this_run_only() }}",
        "{{ record_checked_range() }}",
    ],
) }}

-- depends_on: {{ ref('stg_landed_files') }}
-- depends_on: {{ ref('stg_model_loads') }}

{% set key = ['provider_id'] %}
{% set columns = business_columns() %}
{% set bounds = load_bounds() %}

with to_check as (

    {{ rows_to_check(ref('stg_providers'), key, columns, bounds) }}

),

judged as (

    select
        to_check.*,
        {{ reject_reasons(
            always={
                'provider_id_missing': is_missing('provider_id'),
                'updated_at_missing': is_missing('updated_at'),
                'updated_at_out_of_range': is_out_of_time('updated_at'),
            },
            unless_deleted={
                'npi_missing': is_missing('npi'),
                'npi_malformed': "npi !~ '^[0-9]{10}$'",
                'npi_check_digit_wrong': is_wrong_npi('npi'),
                'provider_name_missing': is_missing('provider_name'),
                'state_malformed': "state !~ '^[A-Z]{2}$'",
            },
        ) }} as reasons,
        {{ waiting_reasons() }} as waits_for
    from to_check

),


final as (

    {{ sorted_rows('judged', key, columns, bounds) }}

)

select * from final
