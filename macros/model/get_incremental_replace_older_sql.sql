{% macro get_incremental_replace_older_sql(arg_dict) -%}
    {%- if columns_beside() -%}
        {{- return(adapter.dispatch('get_incremental_merge_sql')(arg_dict)) -}}
    {%- endif -%}
    {%- set modeled = arg_dict['target_relation'] -%}
    {#- Rendered by itself: `--empty` would make a query of it, which DELETE takes no rows from -#}
    {%- set checked = ref('int_' ~ model.name ~ '__checked').render() -%}
    {%- set newest = adapter.quote('int_' ~ model.name ~ '__checked') -%}
    {%- set older = adapter.quote(modeled.identifier) -%}
    delete from {{ modeled }}
    using {{ checked }}
    where
        {{ newest_accepted() }}
        and {{ same_key(as_list(arg_dict['unique_key']), newest, older) }}
        and {{ is_newer(newest, than=older) }};
    {{ get_incremental_append_sql(arg_dict) }}
{%- endmacro %}
