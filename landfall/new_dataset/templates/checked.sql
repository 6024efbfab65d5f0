{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    dist='[[ distributed_by ]]',
    sort='_load_seq',
    pre_hook="{{ lock_entity() }}",
    post_hook=[
        "{{ keep_this_run_only() }}",
        "{{ record_checked_range() }}",
    ],
) }}

-- depends_on: {{ ref('stg_landed_files') }}
-- depends_on: {{ ref('stg_model_loads') }}
[% if snapshot %]
-- depends_on: {{ ref('stg_snapshots') }}
[% endif %]

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
    [% if snapshot %]
        {{ waiting_reasons({
            'snapshot_incomplete': "_snapshot = ''",
        }) }} as waits_for
    [% else %]
        {{ waiting_reasons() }} as waits_for
    [% endif %]
    from to_check

),

final as (

    {{ sorted_rows('judged', key, columns, bounds) }}

)

select * from final
