{% macro absent_rows(judged, key, columns, bounds) -%}
    {#- A key may be called as any column of a file is, which begins with a letter: columns beside it do not -#}
    {%- set keys = key | join(', ') -%}
    {%- set upserted = upserted_table(entity_config('entity')) if continues() -%}
    {%- set values = {
        '_operation': "cast('D' as varchar(8))",
        '_narrowing_reasons': "cast('' as varchar(1000))",
        '_business_at': 'missed._ended_at',
        '_row_digest': "cast('1' as varchar(33))",
        '_dataset': 'missed._dataset',
        '_file_id': 'missed._end_file_id',
        '_source_file': 'missed._end_source_file',
        '_file_modified_at': 'missed._ended_at',
        '_load_seq': 'cast(0 as bigint)',
        '_loaded_at': 'missed._end_loaded_at',
        '_snapshot': 'cast(missed._accepted_in as varchar(128))',
        '_gone_in': 'cast(missed._gone_in as varchar(128))',
    } -%}
    {%- for column, kept in change_order_columns().items() -%}
        {%- do values.update({column: 'cast(' ~ kept.missing ~ ' as ' ~ kept.type ~ ')'}) -%}
    {%- endfor %}
    select
        {%- for column, type in columns.items() %}
        {{ 'missed.' ~ column if column in key else 'cast(null as ' ~ type ~ ')' }} as {{ column }},
        {%- endfor %}
        cast('' as varchar(1000)) as reject_reason,
        cast('accepted' as varchar(16)) as row_status,
        {%- for column in row_columns() %}
        {{ values[column] }} as {{ column }}{% if not loop.last %},{% endif %}
        {%- endfor %}
    from (
        select
            appearances.{{ key | join(', appearances.') }},
            appearances._accepted_in,
            later.dataset as _dataset,
            later.end_file_id as _end_file_id,
            later.end_source_file as _end_source_file,
            later.ended_at as _ended_at,
            later.end_loaded_at as _end_loaded_at,
            later.snapshot_id as _gone_in,
            row_number() over (
                partition by appearances.{{ key | join(', appearances.') }} order by later.snapshot_id
            ) as _place
        from (
            {#- Of each key: the snapshots from its newest good row on that have a row of it, good or bad #}
            select
                since_accepted.*,
                lead(_seen_in) over (partition by {{ keys }} order by _seen_in) as _next_seen_in
            from (
                select
                    {{ keys }},
                    _seen_in,
                    max(case when max(_is_accepted) = 1 then _seen_in end) over (partition by {{ keys }}) as _accepted_in
                from (
                    select
                        judged.{{ key | join(', judged.') }},
                        held.snapshot_id as _seen_in,
                        case when judged.reasons = '' and judged.waits_for = '' then 1 else 0 end as _is_accepted
                    from {{ judged }} as judged
                    inner join {{ ref('stg_snapshots') }} as held
                        on judged._file_id = held.file_id
                    where {{ within_bounds(bounds, 'held') }}
                    {%- if upserted %}
                    union all
                    select
                        {{ keys }},
                        _snapshot as _seen_in,
                        1 as _is_accepted
                    from {{ upserted }}
                    {%- endif %}
                ) as rows_seen
                group by {{ keys }}, _seen_in
            ) as since_accepted
            where _seen_in >= _accepted_in
        ) as appearances
        inner join (
            select
                dataset,
                snapshot_id,
                end_file_id,
                end_source_file,
                ended_at,
                end_loaded_at,
                lag(snapshot_id) over (partition by dataset order by snapshot_id) as snapshot_before
            from {{ ref('stg_snapshots') }}
            where
                file_id = end_file_id
                and ({{ within_bounds(bounds) }})
        ) as later
            on appearances._seen_in = later.snapshot_before
        where
            appearances._next_seen_in is null
            or appearances._next_seen_in <> later.snapshot_id
    ) as missed
    {%- if upserted %}
    left join {{ upserted }} as modeled
        on {{ same_key(key, 'missed', 'modeled') }}
    {%- endif %}
    where
        missed._place = 1
    {%- if upserted %}
        {#- Tombstones that stand as they are would only be offered again #}
        and (
            modeled.{{ key[0] }} is null
            or modeled._snapshot <> missed._accepted_in
            or modeled._gone_in <> missed._gone_in
        )
    {%- endif %}
{%- endmacro %}
