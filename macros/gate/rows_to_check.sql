{% macro rows_to_check(staged, key, columns, bounds) -%}
    {%- set passed = columns | list + row_columns() | reject('in', snapshot_columns()) | list -%}
    {%- set by_file = order_of_entity() == 'file' -%}
    {%- set snapshot = entity_snapshot() -%}
    {%- if by_file %}
    select
        looked_at.*,
        again.file_id is not null as _is_uploaded_again
    from (
    {%- elif snapshot %}
    select
        looked_at.*,
        cast(coalesce(snapshots.snapshot_id, '') as varchar(128)) as _snapshot,
        cast('{{ never_gone() }}' as varchar(128)) as _gone_in
    from (
    {%- endif %}
    {#- One SELECT a dataset, with the range as numbers: the landing table's sort key prunes -#}
    {%- for dataset, range in bounds.items() %}
    select {{ passed | join(', ') }}
    from {{ staged }}
    where
        _dataset = '{{ dataset }}'
        and _load_seq > {{ range.from_seq }}
        and _load_seq <= {{ range.upto_seq }}
    {% if not loop.last %}union all{% endif %}
    {%- else %}
    select {{ passed | join(', ') }}
    from {{ staged }}
    {%- endfor %}
    {%- if is_incremental() %}
    union all
    select checked.{{ passed | join(', checked.') }}
    {{ carried_over(bounds, key) }}
    {%- endif -%}
    {%- if by_file %}
    ) as looked_at
    left join ({{ files_uploaded_again() }}) as again
        on looked_at._file_id = again.file_id
    {%- elif snapshot %}
    {%- if snapshot.end != 'file' %}
    {#- Rows that landed before their snapshot was whole, or that a later one holds as well #}
    {%- for dataset, range in bounds.items() %}
    union all
    select {{ passed | join(', ') }}
    from {{ staged }}
    where
        _dataset = '{{ dataset }}'
        and _load_seq <= {{ range.from_seq }}
        and _file_id in ({{ newly_complete(bounds) }})
    {%- endfor %}
    {%- endif %}
    ) as looked_at
    left join (
        select
            file_id,
            max(snapshot_id) as snapshot_id
        from {{ ref('stg_snapshots') }}
        where {{ within_bounds(bounds) }}
        group by file_id
    ) as snapshots
        on looked_at._file_id = snapshots.file_id
    {%- endif -%}
{%- endmacro %}
