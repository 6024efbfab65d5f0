{% macro strategy_fault() -%}
    {#- What would keep two rows of one key, or delete rows that this run does not bring again -#}
    {%- set strategy = config.get('incremental_strategy') or 'default' -%}
    {%- if strategy not in ('replace_older', 'merge', 'delete+insert', 'default') -%}
        {{- return("is upserted by " ~ strategy ~ (
            ", which deletes all rows of a batch's time, and brings again those of this run alone" if strategy == 'microbatch'
            else ", which leaves the older row of a key beside the newer one")
            ~ ". Set incremental_strategy='replace_older' in its config.") -}}
    {%- elif not config.get('unique_key') -%}
        {{- return("has no unique_key in its config, so that each version of a row would be another row. Name there the key"
            ~ " of its checked rows.") -}}
    {%- endif -%}
{%- endmacro %}
