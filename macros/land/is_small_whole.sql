{% macro is_small_whole(column) -%}
    {#- Compared with a DOUBLE, what is larger or has a fraction is rounded before it is compared -#}
    ({{ column }} between -9007199254740992 and 9007199254740992 and {{ column }} = floor({{ column }}))
{%- endmacro %}
