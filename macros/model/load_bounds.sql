{% macro load_bounds() -%}
    {%- set bounds = {} -%}
    {%- for dataset in entity_config('datasets') or [] -%}
        {%- set from_seq = watermark(entity_config('entity'), dataset) if continues() else 0 -%}
        {%- do refuse_gap(dataset, from_seq) -%}
        {%- set upto_seq = 0 if flags.EMPTY else frozen_bound(dataset) -%}
        {#- A bound frozen before another run finished may lie below what that run modeled -#}
        {%- do bounds.update({dataset: {'from_seq': from_seq, 'upto_seq': [from_seq, upto_seq] | max}}) -%}
    {%- endfor -%}
    {{- return(bounds) -}}
{%- endmacro %}
