{% macro mask(column) -%}
    {%- for declared in declared_columns()
        if declared.name == column and declared.data_type in ('double precision', 'real') -%}
        {#- Its text is rounded to 15 digits, of a REAL to 6: two would be masked as one -#}
        {%- do exceptions.raise_compiler_error(
            model.name ~ " masks " ~ column ~ ", a " ~ declared.data_type ~ ", of which different ones have the same text:"
            ~ " declare it as bigint or numeric(p,s), which take no other number than landed (as varchar(n) it is rounded"
            ~ " too), or have it sent as a text") -%}
    {%- endfor -%}
    {#- The outer hash keeps a longer value from being built on a known hash, as in HMAC (RFC 2104) -#}
    cast(sha2(masking_key || sha2(
        masking_key || cast({{ column }} as varchar(65535)), 256
    ), 256) as varchar(64))
{%- endmacro %}
