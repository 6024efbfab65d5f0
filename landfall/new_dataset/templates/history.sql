{{ config(
    unique_key=[[ history_key | python ]],
    dist='[[ distributed_by ]]',
    sort=[[ key_argument | python ]],
) }}

-- The gates look at these too; a failing one must stop this model.
-- depends_on: {{ ref('stg_[[ dataset ]]') }}
-- depends_on: {{ ref('stg_landed_files') }}
-- depends_on: {{ ref('quarantine_[[ dataset ]]') }}

{{ guard_upsert() }}

{% set key = [[ key_names | python ]] %}
{% set columns = [
[% for column in columns %]
    '[[ column.name ]]',
[% endfor %]
] %}

with accepted as (

    select
        {{ columns | join(', ') }},
        {{ modeled_columns() }}
    from {{ ref('int_[[ dataset ]]__checked') }}
    where row_status = 'accepted' and {{ of_this_run() }}

),

-- a late version ends the one before it: so all versions of the keys that come
versions as (

    select * from accepted
    {{ versions_kept('accepted', key, columns) }}

),

validated as (

    {{ with_validity('versions', key) }}

),

final as (

    select
        {{ columns | join(', ') }},
        is_deleted,
        is_current,
        valid_from,
        valid_to,
        {{ version_columns() | join(', ') }}
    from validated

)

select * from final
