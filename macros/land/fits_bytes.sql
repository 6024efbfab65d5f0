{% macro fits_bytes(column, max_bytes) -%}
    {#- Nearly all texts fit as they are, and are not trimmed to find that out -#}
    (octet_length({{ column }}) <= {{ max_bytes }} or octet_length(trim({{ column }})) <= {{ max_bytes }})
{%- endmacro %}
