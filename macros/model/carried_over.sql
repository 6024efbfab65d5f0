{% macro carried_over(bounds, key) -%}
    {%- set upserted = upserted_table(entity_config('entity')) -%}
    {%- set snapshot = entity_snapshot() -%}
    {%- set models = entity_models() -%}
    {#- Where a history is kept, a version that can not be the newest any more counts all the same -#}
    {%- set only_newest = continues() and models | length == 1 -%}
    from {{ this }} as checked
    {%- if only_newest %}
    left join {{ upserted }} as modeled
        on {{ same_key(key, 'checked', 'modeled') }}
    {%- endif %}
    {#- Neither a file that was undone, nor one that landed anew since: its rows come again #}
    inner join {{ ref('stg_landed_files') }} as landed
        on
            checked._file_id = landed.file_id
            and checked._load_seq = landed.load_seq
            and not landed.is_undone
    left join (
        select
            dataset,
            min(upto_seq) as upto_seq
        from (
            select
                model,
                dataset,
                max(upto_seq) as upto_seq
            from {{ ref('stg_model_loads') }}
            where model in ('{{ models | join("', '") }}')
            group by model, dataset
        ) as loads_of_models
        group by dataset
        having count(*) = {{ models | length }}
    ) as taken
        on checked._dataset = taken.dataset
    where
        not ({{ in_range(bounds, 'checked') }})
        {#- What another run has only checked meanwhile, of loads beyond this one's bound, comes from landing again: modeled
            here, it would be of a load that no model is known to hold, and an undo of it would change nothing #}
        and (
            checked._load_seq <= taken.upto_seq
            {%- for dataset, range in bounds.items() %}
            or (checked._dataset = '{{ dataset }}' and checked._load_seq <= {{ range.upto_seq }})
            {%- endfor %}
        )
        and (
            checked.row_status <> 'accepted'
            or checked._run_id not in (
                select run_id from {{ ref('stg_model_loads') }}
                where model in ('{{ models | join("', '") }}')
                group by run_id
                having count(distinct model) = {{ models | length }}
            )
        )
    {%- if snapshot %}
        {#- Tombstones of absence are made anew, by the snapshots that there are now #}
        and checked._gone_in = '{{ never_gone() }}'
        {%- if snapshot.end != 'file' %}
        and checked._file_id not in ({{ newly_complete(bounds) }})
        {%- endif %}
    {%- endif %}
    {%- if only_newest %}
        {#- Its key has come in a newer version that is good: it can never win, and nobody has to mend it. Of a row that
            has no place in the order nobody can say so #}
        and (
            modeled.{{ key[0] }} is null
            or not {{ is_newer('modeled', than='checked') }}
            or ({{ is_unplaced('checked') }})
            {%- if snapshot %}
            or checked._snapshot = ''  {#- its place in the order is not known yet #}
            {%- endif %}
        )
    {%- endif -%}
{%- endmacro %}
