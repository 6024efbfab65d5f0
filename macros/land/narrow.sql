{% macro narrow(column, type) -%}
    {%- set kind = type.split('(')[0] -%}
    {%- set size = numbers_in(type) -%}
    {%- if kind == 'varchar' -%}
        {{ narrow_text(column, size[0]) }}
    {%- elif kind in ('smallint', 'integer', 'bigint', 'decimal', 'numeric') -%}
        case
            when {{ column }} between -{{ largest_whole(type) }} and {{ largest_whole(type) }}
                then cast({{ column }} as {{ type }})
        end
    {%- else -%}
        cast({{ column }} as {{ type }})
    {%- endif -%}
{%- endmacro %}
