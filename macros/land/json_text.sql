{% macro json_text(column) -%}
    {#- JSON_SERIALIZE of more than a VARCHAR holds is an error, which would stop the whole build: such a row gets a
        text that no modeled type holds instead, and so its reason
        (https://docs.aws.amazon.com/redshift/latest/dg/r_json_size.html) -#}
    case
        when {{ column }} is null then null
        when json_size({{ column }}) < 65535
            then nullif(json_serialize({{ column }}), 'null')
        else rpad('longer than a text can be', 65535, '.')
    end
{%- endmacro %}
