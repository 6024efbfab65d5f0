{% macro narrow_text(column, max_bytes) -%}
    {#- A longer value is rejected; its beginning stays, so that a person can tell the row -#}
    cast(
        nullif(
            case
                when {{ fits_bytes(column, max_bytes) }}
                    then trim({{ column }})
                else left(trim({{ column }}), {{ max_bytes // 4 }})
            end,
            ''
        ) as varchar({{ max_bytes }})
    )
{%- endmacro %}
