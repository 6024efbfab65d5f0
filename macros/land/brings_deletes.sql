{% macro brings_deletes() -%}
    {#- Only what a source declares makes a delete. A staging model that tells `_operation` by itself, or reads rows whose
        `_operation` another macro or model tells, may make one too; what is called by another name is known by what dbt saw
        called -#}
    {%- set tell_none = ['brings_deletes', 'business_columns', 'business_time', 'change_columns', 'epoch_time', 'file_columns',
        'json_text', 'landed_column', 'mask', 'narrow', 'narrow_columns', 'narrow_text', 'narrowing_reasons', 'row_digest',
        'text_time'] -%}
    {%- set called = [] -%}
    {%- for macro in model.depends_on.macros if macro.split('.')[1] != project_name or macro.split('.')[2] not in tell_none -%}
        {%- do called.append(macro) -%}
    {%- endfor -%}
    {%- set code = modules.re.sub('(?s)\\{#.*?#\\}', '', model.raw_code or '') -%}
    {%- set named = modules.re.findall('\\bchange_columns\\(\\s*["\'](\\w+)["\']\\s*\\)', code) -%}
    {%- set others = modules.re.sub('\\bchange_columns\\(\\s*(?:["\']\\w+["\']\\s*)?\\)', '', code) -%}
    {%- set unnamed = model.sources | default([]) | map('last') | reject('in', named) | list -%}
    {%- if not named or unnamed or called or model.refs
        or modules.re.search('_operation|operation\\(|change_columns|\\bmacro\\b', others) -%}
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
