{% macro brings_deletes() -%}
    {#- Only what a source declares makes a delete. A staging model that tells `_operation` by itself, or reads rows whose
        `_operation` another macro or model tells, may make one too -#}
    {%- set code = modules.re.sub('(?s)\\{#.*?#\\}', '', model.raw_code or '') -%}
    {%- set named = modules.re.findall('change_columns\\(\\s*["\'](\\w+)["\']\\s*\\)', code) -%}
    {%- set others = modules.re.sub('change_columns\\(\\s*(?:["\']\\w+["\']\\s*)?\\)', '', code) -%}
    {%- set unnamed = model.sources | default([]) | map('last') | reject('in', named) | list -%}
    {%- if not named or unnamed or model.refs or modules.re.search('_operation|operation\\(|change_columns', others) -%}
        {{- return(true) -}}
    {%- endif -%}
    {%- for dataset in named -%}
        {%- set changes = changes_of(dataset) -%}
        {%- if changes.get('operation') or changes.get('deleted') -%}
            {{- return(true) -}}
        {%- endif -%}
    {%- endfor -%}
    {{- return(false) -}}
{%- endmacro %}
