{% macro redshift__can_clone_table() -%}
    {#- Redshift clones no table, so that `dbt clone` makes a view of it. dbt asks this before it drops what is there -#}
    {%- if defer_relation | string == this | string -%}
        {%- do exceptions.raise_compiler_error(
            "dbt clone would put a view of " ~ this ~ " in its own place, and drop it with all its rows: the state is of this"
            ~ " very target. Clone into schemas of your own, by a profile that names another schema") -%}
    {%- elif model.config.meta.get('entity') and config.get('materialized') == 'incremental' -%}
        {%- do exceptions.raise_compiler_error(
            this ~ " is upserted, and a view of another table takes no rows. Build it, from what has landed: dbt build"
            ~ " --select +" ~ model.config.meta.entity ~ "; or read the other one where it is, by --defer --state") -%}
    {%- endif -%}
    {{- return(false) -}}
{%- endmacro %}
