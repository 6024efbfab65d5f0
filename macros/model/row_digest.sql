{% macro row_digest(types) -%}
    {#- Of two rows of one file that have the same time, a delete wins: `1` sorts behind `0`.
        A length before every value, so that no two different rows read the same -#}
    cast(case when _operation = 'D' then '1' else '0' end || md5(
        _operation
        {%- for column, type in types.items() %}
        {#- Redshift says "cannot cast type boolean to character varying"; to a number it can #}
        {%- set value = 'cast(' ~ column ~ ' as integer)' if type == 'boolean' else column %}
        || coalesce(
            cast(octet_length(cast({{ value }} as varchar(65535))) as varchar(8))
            || ':' || cast({{ value }} as varchar(65535)),
            '-'
        )
        {%- endfor %}
    ) as varchar(33))
{%- endmacro %}
