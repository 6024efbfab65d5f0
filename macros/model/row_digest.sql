{% macro row_digest(columns) -%}
    {#- Of two rows of one file that have the same time, a delete wins: `1` sorts behind `0`.
        A length before every value, so that no two different rows read the same -#}
    cast(case when _operation = 'D' then '1' else '0' end || md5(
        _operation
        {%- for column in columns %}
        || coalesce(
            cast(octet_length(cast({{ column }} as varchar(65535))) as varchar(8))
            || ':' || cast({{ column }} as varchar(65535)),
            '-'
        )
        {%- endfor %}
    ) as varchar(33))
{%- endmacro %}
