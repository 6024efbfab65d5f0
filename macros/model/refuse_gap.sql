{% macro refuse_gap(dataset, from_seq) -%}
    {%- if is_building() and not flags.EMPTY and from_seq < run_facts().gaps.get(dataset, 0) -%}
        {#- Asked now: a backfill may have brought rows back since the run began -#}
        {%- set files = query_value(
            "select count(*) from " ~ ledger_table(dataset) ~ " as files where " ~ is_removed('files')
            ~ " and load_seq > " ~ from_seq) -%}
        {%- if files > 0 -%}
            {%- do exceptions.raise_compiler_error(
                "building " ~ this ~ " from the first row would lose rows: those of " ~ files ~ " files of " ~ dataset
                ~ " were removed from landing, since they are older than it keeps them. Bring them back:"
                ~ " landfall backfill raw/ --dataset " ~ dataset ~ " --removed. It names the files that it cannot bring"
                ~ " back; landfall housekeeping --give-up --dataset " ~ dataset ~ " gives up the rows of those") -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
