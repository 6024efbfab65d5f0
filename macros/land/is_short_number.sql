{% macro is_short_number(column) -%}
    {#- Any number of at most 15 digits comes back from the DOUBLE that is nearest to it -#}
    octet_length(btrim(translate(cast({{ column }} as varchar(64)), '-.', ''), '0')) <= 15
{%- endmacro %}
