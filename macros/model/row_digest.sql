{% macro row_digest(columns) -%}
    {#- A length before every value, so that no two different rows read the same -#}
    md5(
        {%- for column in columns %}
        {% if not loop.first %}|| {% endif -%}
        coalesce(
            cast(octet_length(cast({{ column }} as varchar(65535))) as varchar(8))
            || ':' || cast({{ column }} as varchar(65535)),
            '-'
        )
        {%- endfor %}
    )
{%- endmacro %}
