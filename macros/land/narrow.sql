{% macro narrow(column, type) -%}
    {%- set kind = type.split('(')[0] -%}
    {%- set size = numbers_in(type) -%}
    {%- if kind == 'varchar' -%}
        {{ narrow_text(column, size[0]) }}
    {%- elif kind in ('decimal', 'numeric') -%}
        {#- A REAL is a DOUBLE by an addition: cast as it is, it could be rounded to 6 digits, and so out of the range. To a
            DECIMAL of 38 digits nothing is added, which may have no room for one more -#}
        case when {{ within_type(column, type) }}
            then case when {{ is_exact_number(column) }} then cast({{ column }} as {{ type }})
                else cast({{ column }} + 0 as {{ type }}) end end
    {%- elif kind in ('smallint', 'integer', 'bigint', 'real') -%}
        case when {{ within_type(column, type) }} then cast({{ column }} as {{ type }}) end
    {%- elif kind in ('double precision', 'boolean', 'date', 'time', 'timestamp', 'timestamptz') -%}
        cast({{ column }} as {{ type }})
    {%- else -%}
        {#- Its cast could lose something that no reason tells -#}
        {%- do exceptions.raise_compiler_error(
            model.name ~ "." ~ column ~ " is declared as " ~ type ~ ", which staging does not narrow to: write varchar(n),"
            ~ " smallint, integer, bigint, numeric(p,s), real, double precision, boolean, date, time, timestamp or"
            ~ " timestamptz") -%}
    {%- endif -%}
{%- endmacro %}
