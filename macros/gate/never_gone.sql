{% macro never_gone() -%}
    {#- Behind every snapshot, as text: of `_gone_in` the earlier one is the newer row -#}
    ~
{%- endmacro %}
