{% macro names_of_floats(code, floats) -%}
    {%- set columns = selected_columns(code) -%}
    {%- set known = {'names': {}} -%}
    {#- As many rounds as names may follow one another -#}
    {%- for _ in columns -%}
        {%- set found = {} -%}
        {%- set redefined = [] -%}
        {%- for column in columns -%}
            {%- set scope = {} -%}
            {%- if column.is_joined or not column.datasets -%}
                {%- do scope.update(known.names) -%}
            {%- endif -%}
            {%- for dataset in column.datasets -%}
                {%- for landed in floats.get(dataset, {}) -%}
                    {%- do scope.update({landed: {
                        'landed': landed, 'dataset': dataset, 'is_sure': not column.is_joined,
                    }}) -%}
                {%- endfor -%}
            {%- endfor -%}
            {%- if column.name == '*' -%}
                {%- for name, float in scope.items() if column.datasets -%}
                    {%- do found.setdefault(name, []).append(float) -%}
                {%- endfor -%}
            {%- else -%}
                {#- Of a CASE, what it comes to: not what it asks -#}
                {%- set results = modules.re.findall('(?:then|else) (.*?)(?= when | else | end)', column.expression ~ ' ') -%}
                {%- set value = results | join(' case ') if results else column.expression -%}
                {%- set words = modules.re.findall('\\w+', value) -%}
                {%- set own = words | select('in', scope) | list -%}
                {%- if own -%}
                    {#- Another name, a number made of numbers, or the one of several that is there -#}
                    {%- set functions = modules.re.findall('(\\w+) ?\\(', value) | reject('in', [
                        'coalesce', 'nvl', 'nullif', 'greatest', 'least', 'round', 'trunc', 'abs',
                    ]) | list -%}
                    {%- set is_number = modules.re.fullmatch('[\\w.,()+*/% -]+', value) and not functions
                        and not results and 'case' not in words -%}
                    {%- do found.setdefault(column.name, []).append(dict(
                        scope[own[0]], is_sure=scope[own[0]].is_sure and is_number is true
                    )) -%}
                {%- elif words[-1:] != [column.name] or words | length > 2 -%}
                    {%- do redefined.append(column.name) -%}
                {%- endif -%}
            {%- endif -%}
        {%- endfor -%}
        {%- set names = {} -%}
        {%- for name, origins in found.items() -%}
            {%- set unsure = origins | rejectattr('is_sure') | list -%}
            {%- if unsure or name not in redefined -%}
                {%- do names.update({name: (unsure or origins)[0]}) -%}
            {%- endif -%}
        {%- endfor -%}
        {%- do known.update({'names': names}) -%}
    {%- endfor -%}
    {{- return(known.names) -}}
{%- endmacro %}
