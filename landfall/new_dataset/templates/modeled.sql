{{ config(
    incremental_strategy='replace_older',
    unique_key=[[ key_argument | python ]],
    dist='[[ distributed_by ]]',
    sort=[[ key_argument | python ]],
) }}

-- The gates look at these too; a failing one must stop this model.
-- depends_on: {{ ref('stg_[[ dataset ]]') }}
-- depends_on: {{ ref('stg_landed_files') }}
-- depends_on: {{ ref('quarantine_[[ dataset ]]') }}
[% if snapshot %]
-- depends_on: {{ ref('pending_[[ dataset ]]') }}
[% endif %]
[% if keeps_history %]
-- first the history, so that both are of one run
-- depends_on: {{ ref('[[ dataset ]]_history') }}
[% endif %]

{{ guard_upsert() }}

with newest as (

    select
    [% for column in columns %]
        [[ column.name ]],
    [% endfor %]
        {{ modeled_columns() }}
    from {{ ref('int_[[ dataset ]]__checked') }}
    where {{ newest_accepted() }}

),

-- an older row never overwrites a newer one
final as (

    select newest.*
    from newest
    {{ where_newer('newest') }}

)

select * from final
