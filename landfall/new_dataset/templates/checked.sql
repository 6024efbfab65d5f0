{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    dist='[[ key[0].name ]]',
    sort='_load_seq',
    pre_hook="{{ lock_entity() }}",
    post_hook=[
        "{{ keep_this_run_only() }}",
        "{{ record_checked_range() }}",
    ],
) }}

-- depends_on: {{ ref('stg_landed_files') }}
-- depends_on: {{ ref('stg_model_loads') }}

{% set key = [[ key_names | python ]] %}
{% set columns = business_columns() %}
{% set bounds = load_bounds() %}

with to_check as (

    {{ rows_to_check(ref('stg_[[ dataset ]]'), key, columns, bounds) }}

),

judged as (

    select
        to_check.*,
        {{ reject_reasons(
            always={
            [% for rule in rules if not rule.spares_deletes %]
                '[[ rule.reason ]]': [[ rule.condition ]],
            [% endfor %]
            },
            [% if rules | selectattr('spares_deletes') | list %]
            unless_deleted={
            [% for rule in rules if rule.spares_deletes %]
                '[[ rule.reason ]]': [[ rule.condition ]],
            [% endfor %]
            },
            [% endif %]
        ) }} as reasons,
        {{ waiting_reasons() }} as waits_for
    from to_check

),

final as (

    {{ sorted_rows('judged', key, columns, bounds) }}

)

select * from final
