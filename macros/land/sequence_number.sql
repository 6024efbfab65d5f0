{% macro sequence_number(dataset, column) -%}
    {%- set value = landed_column(column) -%}
    {%- set kind = declared_kind(dataset, column) -%}
    {%- if kind in ('real', 'double precision') -%}
    {#- Airbyte's LSN. Its text would be rounded to 15 digits; above 2^53, and of a REAL 2^24, it is rounded already -#}
    {%- set largest = 16777216 if kind == 'real' else 9007199254740992 -%}
    cast(case
        when {{ value }} is null then -1
        when {{ value }} between 0 and {{ largest }} and {{ value }} = floor({{ value }})
            then cast({{ value }} as bigint)
        else -2
    end as numeric(38,0))
    {%- elif kind not in ('smallint', 'integer', 'bigint', 'decimal', 'varchar') -%}
        {%- do exceptions.raise_compiler_error(
            "changes of " ~ dataset ~ " say sequence: " ~ column ~ ", which is " ~ kind ~ ": it is a number or a text") -%}
    {%- else -%}
    {%- set text = 'trim(cast(' ~ value ~ ' as varchar(256)))' -%}
    cast(case
        when coalesce({{ text }}, '') = '' then -1
        when {{ text }} ~ '^[0-9]{1,38}$' then cast({{ text }} as numeric(38,0))
        {#- PostgreSQL's LSN (16/B374D848) and SQL Server's (00000027:00000ac0:0002): hexadecimal parts #}
        when {{ text }} ~ '^[0-9A-Fa-f]{1,8}/[0-9A-Fa-f]{1,8}$'
            then cast(strtol(split_part({{ text }}, '/', 1), 16) as numeric(38,0)) * 4294967296
                + strtol(split_part({{ text }}, '/', 2), 16)
        when {{ text }} ~ '^[0-9A-Fa-f]{8}:[0-9A-Fa-f]{8}:[0-9A-Fa-f]{4}$'
            then cast(strtol(split_part({{ text }}, ':', 1), 16) as numeric(38,0)) * 281474976710656
                + strtol(split_part({{ text }}, ':', 2), 16) * 65536
                + strtol(split_part({{ text }}, ':', 3), 16)
        {#- MySQL's and MariaDB's GTID (3e11fa47-...:23, 0-1-100): the number that counts is the last #}
        when {{ text }} ~ '^[0-9A-Fa-f-]{36}:[0-9]{1,18}$'
            then cast(split_part({{ text }}, ':', 2) as numeric(38,0))
        when {{ text }} ~ '^[0-9]{1,10}-[0-9]{1,10}-[0-9]{1,20}$'
            then cast(split_part({{ text }}, '-', 3) as numeric(38,0))
        {#- MySQL's binlog (mysql-bin.000003) #}
        when {{ text }} ~ '^[A-Za-z].*[.][0-9]{6,18}$'
            then cast(regexp_substr({{ text }}, '[0-9]+$') as numeric(38,0))
        else -2
    end as numeric(38,0))
    {%- endif -%}
{%- endmacro %}
