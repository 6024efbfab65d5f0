{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    dist='product_id',
    sort='_load_seq',
    pre_hook="{{ lock_entity() }}",
    post_hook=[
        "{{ keep_this_run_only() }}",
        "{{ record_checked_range() }}",
    ],
) }}

-- depends_on: {{ ref('stg_landed_files') }}
-- depends_on: {{ ref('stg_model_loads') }}

{% set key = ['product_id'] %}
{% set columns = business_columns() %}
{% set bounds = load_bounds() %}

with to_check as (

    {{ rows_to_check(ref('stg_products'), key, columns, bounds) }}

),

judged as (

    select
        to_check.*,
        {{ reject_reasons(
            always={
                'product_id_missing': is_missing('product_id'),
                'updated_at_missing': is_missing('updated_at'),
                'updated_at_out_of_range': is_out_of_time('updated_at'),
            },
            unless_deleted={
                'product_name_missing': is_missing('product_name'),
                'currency_missing': is_missing('currency'),
                'currency_malformed': "currency !~ '^[A-Z][A-Z][A-Z]$'",
                'unit_price_missing': is_missing('unit_price'),
                'unit_price_negative': 'unit_price < 0',
                'is_active_missing': is_missing('is_active'),
            },
        ) }} as reasons,
        {{ waiting_reasons() }} as waits_for
    from to_check

),

final as (

    {{ sorted_rows('judged', key, columns, bounds) }}

)

select * from final
