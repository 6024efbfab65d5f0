{% macro get_incremental_replace_older_sql(arg_dict) -%}
    {%- do require_own_rows() -%}
    {%- if columns_beside() -%}
        {{- return(adapter.dispatch('get_incremental_merge_sql')(arg_dict)) -}}
    {%- endif -%}
    {%- set modeled = arg_dict['target_relation'] -%}
    {%- set checked = ref('int_' ~ model.name ~ '__checked') -%}
    {%- set newest = adapter.quote(checked.identifier) -%}
    {%- set older = adapter.quote(modeled.identifier) -%}
    delete from {{ modeled }}
    {#- Rendered by itself: `--empty` would make a query of it, which DELETE takes no rows from #}
    using {{ checked.render() }}
    where
        {{ newest_accepted() }}
        and {{ same_key(as_list(arg_dict['unique_key']), newest, older) }}
        and {{ is_newer(newest, than=older) }};
    {{ get_incremental_append_sql(arg_dict) }}
{%- endmacro %}
