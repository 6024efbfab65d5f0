{% macro strategy_fault() -%}
    {#- What would keep two rows of one key, or delete rows that this run does not bring again. Of a strategy of one's own
        only who wrote it can say -#}
    {%- set strategy = config.get('incremental_strategy') or 'default' -%}
    {%- set why = {
        'append': 'which leaves the older row of a key beside the newer one',
        'microbatch': "which deletes all rows of a batch's time, and brings again those of this run alone",
    } -%}
    {%- if strategy in why -%}
        {{- return("is upserted by " ~ strategy ~ ", " ~ why[strategy]
            ~ ". Set incremental_strategy='replace_older' in its config.") -}}
    {%- elif strategy not in ('replace_older', 'merge', 'delete+insert', 'default')
        and (model.config.meta or {}).get('keeps_one_row_a_key') is not true -%}
        {{- return("is upserted by " ~ strategy ~ ", of which is not known whether it keeps one row of a key. Set"
            ~ " incremental_strategy='replace_older' in its config, or where yours does, keeps_one_row_a_key: true in its meta.") -}}
    {%- elif not config.get('unique_key') -%}
        {{- return("has no unique_key in its config, so that each version of a row would be another row. Name there the key"
            ~ " of its checked rows.") -}}
    {%- endif -%}
{%- endmacro %}
