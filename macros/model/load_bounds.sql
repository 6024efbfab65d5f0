{% macro load_bounds() -%}
    {%- set from_seq = 0 -%}
    {%- set upto_seq = 0 -%}
    {%- if continues() -%}
        {%- set from_seq = watermark(entity_config('entity'), entity_config('dataset')) -%}
    {%- endif -%}
    {%- if not flags.EMPTY -%}
        {%- set upto_seq = frozen_bound(entity_config('dataset')) -%}
    {%- endif -%}
    {#- A bound frozen before another run finished may lie below what that run modeled -#}
    {{- return({'from_seq': from_seq, 'upto_seq': [from_seq, upto_seq] | max}) -}}
{%- endmacro %}
