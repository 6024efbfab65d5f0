{% macro load_bounds() -%}
    {%- do refuse_emptying() -%}
    {%- set bounds = {} -%}
    {%- for dataset in entity_config('datasets') or [] -%}
        {%- set from_seq = watermark(entity_config('entity'), dataset) if continues() else 0 -%}
        {#- A snapshot of several files may name a file that landed long ago: all of its rows have to be there -#}
        {%- set ends_otherwise = snapshot_datasets().get(dataset, {}).get('end', 'file') != 'file' -%}
        {%- do refuse_gap(dataset, 0 if ends_otherwise else from_seq) -%}
        {%- set upto_seq = 0 if flags.EMPTY else frozen_bound(dataset) -%}
        {#- A bound frozen before another run finished may lie below what that run modeled -#}
        {%- do bounds.update({dataset: {'from_seq': from_seq, 'upto_seq': [from_seq, upto_seq] | max}}) -%}
    {%- endfor -%}
    {{- return(bounds) -}}
{%- endmacro %}
