{% macro refuse_gap(dataset, from_seq) -%}
    {%- if is_building() and not flags.EMPTY and from_seq < run_facts().gaps.get(dataset, 0) -%}
        {#- Asked now: a backfill may have brought rows back since the run began -#}
        {%- set files = query_value(
            "select count(*) from " ~ ledger_table(dataset) ~ " as files where " ~ is_removed('files')
            ~ " and load_seq > " ~ from_seq) -%}
        {%- if files > 0 -%}
            {%- do raise_gap(dataset, files) -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
