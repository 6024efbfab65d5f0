{% macro row_digest(types) -%}
    {#- Of two rows of one file that have the same time, a delete wins: `1` sorts behind `0`.
        A length before every value, so that no two different rows read the same. Long text counts by its
        own MD5: together the values must not pass the 65535 bytes that text can have -#}
    cast({{ "case when _operation = 'D' then '1' else '0' end" if brings_deletes() else "'0'" }} || md5(
        _operation
        {%- for column, type in types.items() %}
        {%- set length = type.partition('varchar(')[2].rstrip(')') %}
        {#- Redshift says "cannot cast type boolean to character varying"; to a number it can #}
        {%- set value = 'cast(' ~ column ~ ' as integer)' if type == 'boolean' else column %}
        {#- The text of a FLOAT is rounded to 15 digits, of a REAL to 6, so that two could read the same; its hash is of
            its bytes: https://docs.aws.amazon.com/redshift/latest/dg/r_FNV_HASH.html #}
        {%- set value = 'case when ' ~ column ~ ' is not null then fnv_hash(' ~ column ~ ') end'
            if type in ('double precision', 'real') else value %}
        {#- Narrowed text is its own; cast once more, it would be fitted for each row. A staging of one's own may narrow
            nothing, and declare a number as varchar #}
        {%- set text = value if length and 'narrow_columns(' in (model.raw_code or '') else 'cast(' ~ value ~ ' as varchar(65535))' %}
        || coalesce(
            cast(octet_length({{ text }}) as varchar(11))
            || ':' || {{ 'md5(' ~ text ~ ')' if length and (length == 'max' or length | int > 256) else text }},
            '-'
        )
        {%- endfor %}
    ) as varchar(33))
{%- endmacro %}
