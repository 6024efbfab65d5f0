{% macro selected_columns(code) -%}
    {%- set flat = {'query': modules.re.sub('(?s){[#].*?[#]}|{%.*?%}|/[*].*?[*]/|--[^\n]*', ' ', code) | lower} -%}
    {#- What a macro writes is not known: only which words it is given, and whether it is called a cast -#}
    {%- for call in modules.re.findall('(?s){{.*?}}', flat.query) -%}
        {%- set words = modules.re.findall('\\w+', call) -%}
        {%- if words[:2] == ['source', 'landing'] and words | length == 3 -%}
            {%- set known = 'landing:' ~ words[2] -%}
        {%- elif words[:1] == ['landed_column'] and words | length == 2 -%}
            {%- set known = words[1] -%}
        {%- elif 'cast' in call.split('(')[0] -%}
            {%- set known = 'casted' -%}
        {%- else -%}
            {%- set known = 'macro(' ~ words | join(' ') ~ ')' -%}
        {%- endif -%}
        {%- do flat.update({'query': flat.query.replace(call, ' ' ~ known ~ ' ', 1)}) -%}
    {%- endfor -%}
    {%- set query = modules.re.sub("'[^']*'", "''", flat.query).replace('"', '').split() | join(' ') -%}
    {%- do flat.update({'query': query}) -%}
    {#- Innermost parentheses first, each by its number, until commas part columns and nothing else -#}
    {%- set groups = [] -%}
    {%- for _ in range(query.count('(')) if '(' in flat.query -%}
        {%- for function, space, group in modules.re.findall('(\\w*)( ?)(\\([^()]*\\))', flat.query) -%}
            {%- set short = function ~ space ~ '#' ~ groups | length ~ '#' -%}
            {%- if function in ('cast', 'try_cast', 'convert', 'to_char') -%}
                {%- set short = 'casted' -%}
            {%- endif -%}
            {%- do groups.append(group) -%}
            {%- do flat.update({'query': flat.query.replace(function ~ space ~ group, short, 1)}) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- set columns = [] -%}
    {%- for part in groups + ['(' ~ flat.query ~ ')'] -%}
        {%- for select in modules.re.split(' union(?: all)? | except | intersect ', part[1:-1]) -%}
            {%- for list, tables in modules.re.findall('(?:^| )select (?:distinct )?(.*?)(?: from (.*)|$)', select) -%}
                {%- set datasets = modules.re.findall('landing:(\\w+)', tables) -%}
                {%- set is_joined = modules.re.findall(' join |,', tables.split(' where ')[0]) | length > 0 -%}
                {%- for item in list.split(',') | map('trim') -%}
                    {%- set item = modules.re.sub('[\\w.#]+ ?:: ?\\w+(?:#\\d+#)?', 'casted', item) -%}
                    {%- set named = modules.re.findall('^(.+?)(?: as)? (\\w+)$', item)
                        or modules.re.findall('^((?:\\w+\\.)*([\\w*]+))$', item) -%}
                    {%- if named -%}
                        {%- set whole = {'expression': named[0][0]} -%}
                        {%- for _ in groups if '#' in whole.expression -%}
                            {%- for number in modules.re.findall('#(\\d+)#', whole.expression) -%}
                                {%- do whole.update({
                                    'expression': whole.expression.replace('#' ~ number ~ '#', groups[number | int])
                                }) -%}
                            {%- endfor -%}
                        {%- endfor -%}
                        {%- do columns.append({
                            'name': named[0][1],
                            'expression': whole.expression,
                            'datasets': datasets,
                            'is_joined': is_joined,
                        }) -%}
                    {%- endif -%}
                {%- endfor -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endfor -%}
    {{- return(columns) -}}
{%- endmacro %}
