{% macro rows_to_check(staged, key, columns, bounds) -%}
    {%- set passed = columns | list + row_columns() -%}
    {%- set by_file = order_of_entity() == 'file' -%}
    {%- if by_file %}
    select
        looked_at.*,
        again.file_id is not null as _is_uploaded_again
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
    {%- endif -%}
{%- endmacro %}
