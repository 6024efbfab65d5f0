{% macro versions_kept(accepted, key, columns) -%}
    {%- if is_incremental() %}
    {%- set kept = columns + ['is_deleted'] + version_columns() %}
    union all
    select kept.{{ kept | join(', kept.') }}
    from {{ this }} as kept
    inner join (select distinct {{ key | join(', ') }} from {{ accepted }}) as come
        on {{ same_key(key, 'kept', 'come') }}
    {%- endif -%}
{%- endmacro %}
