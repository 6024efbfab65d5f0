{% macro sorted_rows(judged, key, columns, bounds) -%}
    select
        {{ columns | join(', ') }},
        reject_reason,
        row_status,
        {{ row_columns() | join(', ') }},
        cast(row_number() over (
            partition by {{ key | join(', ') }}, row_status
            order by {{ newest_first() }}
        ) as bigint) as _version_rank,
        cast('{{ invocation_id }}' as varchar(64)) as _run_id,
        {%- for bound in ('from_seq', 'upto_seq') %}
        cast(case _dataset
            {%- for dataset, range in bounds.items() %}
            when '{{ dataset }}' then {{ range[bound] }}
            {%- endfor %}
            else 0
        end as bigint) as _{{ bound }}{% if not loop.last %},{% endif %}
        {%- endfor %}
    from (
        select
            {{ columns | join(', ') }},
            cast(case
                when reasons <> '' then reasons
                when waits_for <> '' then waits_for
                else ''
            end as varchar(1000)) as reject_reason,
            cast(case
                when reasons <> '' then 'quarantined'
                when waits_for <> '' then 'pending'
                else 'accepted'
            end as varchar(16)) as row_status,
            {{ row_columns() | join(', ') }}
        from {{ judged }}
        {%- if entity_snapshot() %}
        union all
        {{ absent_rows(judged, key, columns, bounds) }}
        {%- endif %}
    ) as told
{%- endmacro %}
