{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    dist='customer_id',
    sort='_load_seq',
    pre_hook="{{ lock_entity() }}",
    post_hook=[
        "{{ keep_this_run_only() }}",
        "{{ record_checked_range() }}",
    ],
) }}

-- depends_on: {{ ref('stg_landed_files') }}
-- depends_on: {{ ref('stg_model_loads') }}

{% set key = ['customer_id'] %}
{% set columns = business_columns() %}
{% set bounds = load_bounds() %}

with to_check as (

    {{ rows_to_check(ref('stg_customers'), key, columns, bounds) }}

),

judged as (

    select
        to_check.*,
        {{ reject_reasons(
            always={
                'customer_id_missing': is_missing('customer_id'),
                'updated_at_out_of_range': is_out_of_time('updated_at'),
            },
            unless_deleted={
                'customer_name_missing': is_missing('customer_name'),
                'email_malformed': "email !~ '^[^@ ]+@[^@ ]+[.][^@ ]+$'",
                'country_malformed': "country !~ '^[A-Z][A-Z]$'",
                'created_at_missing': is_missing('created_at'),
                'created_at_out_of_range': is_out_of_time('created_at'),
            },
        ) }} as reasons,
        {{ waiting_reasons() }} as waits_for
    from to_check

),

final as (

    {{ sorted_rows('judged', key, columns, bounds) }}

)

select * from final
