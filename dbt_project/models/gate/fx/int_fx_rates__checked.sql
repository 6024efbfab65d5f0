{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    dist='as_of_date',
    sort='_load_seq',
    pre_hook="{{ lock_entity() }}",
    post_hook=[
        "{{ keep_this_run_only() }}",
        "{{ record_checked_range() }}",
    ],
) }}

-- depends_on: {{ ref('stg_landed_files') }}
-- depends_on: {{ ref('stg_model_loads') }}

{% set key = ['as_of_date', 'ccy'] %}
{% set columns = business_columns() %}
{% set bounds = load_bounds() %}

with to_check as (

    {{ rows_to_check(ref('stg_fx_rates'), key, columns, bounds) }}

),

judged as (

    select
        to_check.*,
        {{ reject_reasons(
            always={
                'as_of_date_missing': is_missing('as_of_date'),
                'ccy_missing': is_missing('ccy'),
                'updated_at_missing': is_missing('updated_at'),
                'updated_at_out_of_range': is_out_of_time('updated_at'),
            },
            unless_deleted={
                'as_of_date_out_of_range': "as_of_date < date '1970-01-01'
                    or as_of_date > dateadd(day, 1, _file_modified_at)",
                'ccy_unknown': "ccy not in ('"
                    ~ var('landfall_currencies') | join("', '") ~ "')",
                'rate_to_usd_missing': is_missing('rate_to_usd'),
                'rate_to_usd_not_positive': 'rate_to_usd <= 0',
                'rate_to_usd_too_high': 'rate_to_usd > '
                    ~ var('landfall_fx_max_rate_to_usd'),
                'usd_not_one': "ccy = 'USD' and rate_to_usd <> 1",
            },
        ) }} as reasons,
        {{ waiting_reasons() }} as waits_for
    from to_check

),

final as (

    {{ sorted_rows('judged', key, columns, bounds) }}

)

select * from final
