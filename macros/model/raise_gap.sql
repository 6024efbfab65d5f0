{% macro raise_gap(dataset, files) -%}
    {%- do exceptions.raise_compiler_error(
        "building " ~ this ~ " from the first row would lose rows: those of " ~ files ~ " files of " ~ dataset
        ~ " were removed from landing, since they are older than it keeps them. Bring them back:"
        ~ " landfall backfill raw/ --dataset " ~ dataset ~ " --removed. It names the files that it cannot bring"
        ~ " back; landfall housekeeping --give-up --dataset " ~ dataset ~ " gives up the rows of those") -%}
{%- endmacro %}
