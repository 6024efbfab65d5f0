{% macro own_rows_fault(query, checked) -%}
    {%- set ns = namespace(pattern='', fault=none) -%}
    {%- for part, pattern in own_rows_shape(checked) if pattern -%}
        {%- set ns.pattern = ns.pattern ~ pattern -%}
        {%- if not ns.fault and not modules.re.search(ns.pattern, query) -%}
            {%- set ns.fault = "it has not `" ~ part ~ "` in that place" -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if ns.fault -%}
        {{- return(ns.fault) -}}
    {%- endif -%}
    {%- set columns = modules.re.search(ns.pattern, query).group('columns') -%}
    {%- set of_deleted = "{{-? ?unless_deleted\\( ?\\[([\\w$'\", ]*)\\] ?\\) ?-?}}" -%}
    {%- set of_version = "{{-? ?modeled_columns\\(\\) ?-?}}" -%}
    {%- set emptied = modules.re.findall("[\\w$]+", modules.re.findall(of_deleted, columns) | join(' ')) | map('lower') | list -%}
    {%- set names = [] -%}
    {%- set rest = modules.re.sub(of_deleted ~ '|' ~ of_version, '', columns) -%}
    {%- for item in modules.re.findall("(?:[^,()]|\\((?:[^()]|\\([^()]*\\))*\\)|[()])+", rest) if item.strip() -%}
        {%- set name = modules.re.search("^\"?([A-Za-z_][\\w$]*)\"?$", item.strip()) -%}
        {%- if not name -%}
            {{- return("`" ~ item.strip()[:100] ~ "` is no column's bare name") -}}
        {%- endif -%}
        {%- do names.append(name.group(1) | lower) -%}
    {%- endfor -%}
    {#- Rows are deleted and inserted by these, so they must be what `__checked` has -#}
    {%- set compared = as_list(config.get('unique_key')) | map('lower') | list -%}
    {%- for name in compared + (order_columns() if not modules.re.search(of_version, columns) else []) -%}
        {%- if name not in names -%}
            {{- return(name ~ ", by which it is compared, is "
                ~ ("emptied where a row is deleted" if name in emptied else "not among its columns")) -}}
        {%- endif -%}
    {%- endfor -%}
{%- endmacro %}
