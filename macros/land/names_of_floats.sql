{% macro names_of_floats(code, floats) -%}
    {%- set query = modules.re.sub(
        '(?s){[#].*?[#]}|/[*].*?[*]/|--[^\n]*', ' ', code) | lower -%}
    {%- set query = modules.re.sub("{{-? *landed_column\\( *['\"](\\w+)['\"] *\\) *-?}}", "\\1", query) -%}
    {%- set query = query.replace('"', '').split() | join(' ') -%}
    {%- set query = modules.re.sub('cast\\([^()]* as \\w+(?:\\([^()]*\\))?\\)|[\\w.]+::\\w+(?:\\([^()]*\\))?', '(cast)', query) -%}
    {#- Another name, a number made of numbers, or the one of several that is there; a cast says that a text is meant -#}
    {%- set number = '[\\w.]+(?: ?[-+*/] ?[\\w.]+)*|(?:coalesce|nvl|nullif|greatest|least|round|trunc|abs)\\([^()\']*\\)' -%}
    {%- set renamings = modules.re.findall('(?:^|[ ,(])(' ~ number ~ ') as (\\w+)', query) -%}
    {%- set redefined = modules.re.findall('\\) as (\\w+)|end as (\\w+)', query) | map('join') | list -%}
    {%- set names = {} -%}
    {%- for name in floats if name not in redefined or name in renamings | map('last') -%}
        {%- do names.update({name: name}) -%}
    {%- endfor -%}
    {#- As many rounds as names may follow one another -#}
    {%- for _ in renamings -%}
        {%- for expression, alias in renamings if alias not in names -%}
            {%- for word in modules.re.findall('\\w+', expression) if word in names and alias not in names -%}
                {%- do names.update({alias: names[word]}) -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endfor -%}
    {{- return(names) -}}
{%- endmacro %}
