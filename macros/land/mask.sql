{% macro mask(column) -%}
    {#- The outer hash keeps a longer value from being built on a known hash, as in HMAC (RFC 2104) -#}
    cast(sha2(masking_key || sha2(
        masking_key || cast({{ column }} as varchar(65535)), 256
    ), 256) as varchar(64))
{%- endmacro %}
