{% macro order_reasons() -%}
    {%- set ordered_by = order_of_entity() -%}
    {%- set reasons = {} -%}
    {%- if ordered_by == 'file' -%}
        {%- do reasons.update({'stored_again_with_other_rows': '_is_stored_again'}) -%}
    {%- else -%}
        {%- do reasons.update({'delete_without_' ~ ordered_by: "_operation = 'D' and " ~ is_unplaced()}) -%}
    {%- endif -%}
    {%- if ordered_by == 'time' and feeds_ordered_by(['time'], entity_datasets()) -%}
        {%- do reasons.update({'change_without_time': "_operation <> 'D' and " ~ is_unplaced()}) -%}
    {%- endif -%}
    {%- if keeps_order() -%}
        {%- do reasons.update({'sequence_malformed': '_sequence = -2'}) -%}
    {%- endif -%}
    {{- return(reasons) -}}
{%- endmacro %}
