{% macro replacing_fault(checked) -%}
    {%- set ranking = graph.nodes.get('model.' ~ project_name ~ '.' ~ checked) -%}
    {%- if not ranking -%}
        {{- return("goes by the rows of " ~ checked ~ ", and there is no such model. A second model on the checked rows of"
            ~ " another is upserted by merge: set incremental_strategy='merge' in its config.") -}}
    {%- endif -%}
    {%- set key = config.get('unique_key') -%}
    {%- if not key -%}
        {{- return("has no unique_key in its config. Name there the key of " ~ checked ~ ".") -}}
    {%- endif -%}
    {%- for setting in ('merge_update_columns', 'merge_exclude_columns', 'incremental_predicates', 'predicates')
        if config.get(setting) -%}
        {{- return("has " ~ setting ~ " in its config, of which replace_older knows nothing, since it replaces whole rows."
            ~ " Take it out, or set incremental_strategy='merge', which goes by it.") -}}
    {%- endfor -%}
    {#- The newest rows of another key may be several of this one -#}
    {%- set said = modules.re.search(
        "{[%]-? *set key = \\[([^\\]]*)\\] *-?[%]}",
        ranking.raw_code) -%}
    {%- set ranked_by = modules.re.findall("\\w+", said.group(1)) if said else as_list(key) -%}
    {%- if ranked_by | sort != as_list(key) | sort -%}
        {{- return("has the unique_key " ~ as_list(key) | join(', ') ~ ", and " ~ checked ~ " the key "
            ~ ranked_by | join(', ') ~ ", by which it tells the newest versions. Name the same columns in both.") -}}
    {%- endif -%}
{%- endmacro %}
