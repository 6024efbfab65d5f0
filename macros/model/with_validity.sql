{% macro with_validity(versions, key) -%}
    {%- set of_key = 'partition by ' ~ key | join(', ') -%}
    {%- set oldest_first = order_columns() | join(', ') -%}
    {%- set version = key + ['_business_at', '_sequence_dataset', '_sequence', '_row_digest'] -%}
    select
        begun.*,
        lead(valid_from) over ({{ of_key }} order by {{ oldest_first }}) as valid_to,
        row_number() over ({{ of_key }} order by {{ newest_first() }}) = 1
        and not is_deleted as is_current
    from (
        select
            told_once.*,
            {#- Where no time orders the versions, one may bear an earlier time than the one before it #}
            max(_business_at) over (
                {{ of_key }} order by {{ oldest_first }} rows unbounded preceding
            ) as valid_from
        from (
            select
                {{ versions }}.*,
                row_number() over (
                    partition by {{ version | join(', ') }} order by {{ newest_first() }}
                ) as _copy
            from {{ versions }}
        ) as told_once
        where _copy = 1
    ) as begun
{%- endmacro %}
