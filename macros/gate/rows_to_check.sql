{% macro rows_to_check(staged, key, columns, bounds) -%}
    {%- do require_exact_texts(staged) -%}
    {%- set passed = columns | list + row_columns() | reject('in', snapshot_columns()) | list -%}
    {%- set by_file = order_of_entity() == 'file' -%}
    {%- set snapshot = entity_snapshot() -%}
    {%- set loads = loads_of_versions(bounds) if by_file -%}
    {%- if by_file %}
    select
        {%- for column in passed %}
        {%- if loads == {} or column not in ('_business_at', '_file_modified_at') %}
        looked_at.{{ column }},
        {%- elif column == '_file_modified_at' %}
        coalesce(again.copy_of_at, looked_at._file_modified_at) as _file_modified_at,
        {%- else %}
        {#- A row without a time of its own has its file's #}
        case
            when again.copy_of_at is not null and looked_at._business_at = looked_at._file_modified_at
                then again.copy_of_at
            else looked_at._business_at
        end as _business_at,
        {%- endif %}
        {%- endfor %}
        {#- What is carried over and is not compared, or cannot be, stays what it was found to be while the file has other
            versions: the loads were listed before the mutex was taken, and the run behind which this one waited may have
            left newer ones. Of a file with a version that only that run has looked at, the next one compares all #}
        coalesce(
            {%- if is_incremental() %}
            case when looked_at._compared_upto < several.last_taken_seq then true end,
            {%- endif %}
            {%- if loads != {} %}
            again.has_other_rows,
            {%- endif %}
            {%- if is_incremental() %}
            looked_at._was_stored_again and several.source_file is not null,
            {%- endif %}
            {{ 'false' if loads == {} else 'again.file_id is not null' }}
        ) as _is_stored_again
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
    select
        {{ passed | join(', ') }}
        {%- if by_file %},
        cast(null as boolean) as _was_stored_again,
        cast({{ range.upto_seq }} as bigint) as _compared_upto
        {%- endif %}
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
    select
        checked.{{ passed | join(', checked.') }}
        {%- if by_file %},
        position('stored_again_with_other_rows' in checked.reject_reason) > 0 as _was_stored_again,
        cast(null as bigint) as _compared_upto
        {%- endif %}
    {{ carried_over(bounds, key) }}
    {%- endif -%}
    {%- if by_file %}
    ) as looked_at
    {%- if loads != {} %}
    left join ({{ files_stored_again(staged, loads) }}) as again
        on looked_at._file_id = again.file_id
    {%- endif %}
    {%- if is_incremental() %}
    left join (
        select
            landed.dataset,
            landed.source_file,
            max(case when landed.load_seq <= taken.upto_seq then landed.load_seq end) as last_taken_seq
        from {{ ref('stg_landed_files') }} as landed
        left join ({{ newest_loads(ref('stg_model_loads')) }}) as taken
            on landed.dataset = taken.dataset
        where not landed.is_undone and landed.row_count > 0
        group by landed.dataset, landed.source_file
        having count(*) > 1
    ) as several
        on looked_at._dataset = several.dataset and looked_at._source_file = several.source_file
    {%- endif %}
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
