{% macro require_exact_texts(staged) -%}
    {#- A FLOAT is cast to a text without an error, in 15 digits, of a REAL in 6: nothing else would tell that it was rounded
        (https://docs.aws.amazon.com/redshift/latest/dg/r_extra_float_digits.html) -#}
    {%- if execute and model.resource_type != 'unit_test' -%}
        {%- set waiting = [] -%}
        {%- for id in model.depends_on.nodes if graph.nodes.get(id, {}).get('alias') == staged.identifier -%}
            {%- do waiting.append(graph.nodes[id]) -%}
        {%- endfor -%}
        {#- The staging model itself, and those that it reads; the list grows under the loop -#}
        {%- for node in waiting -%}
            {%- for parent in node.depends_on.nodes if graph.nodes.get(parent, {}).get('resource_type') == 'model' -%}
                {%- do waiting.append(graph.nodes[parent]) -%}
            {%- endfor -%}
            {%- set floats = landed_floats(node) -%}
            {%- set names = names_of_floats(node.raw_code, floats.keys() | list) if floats else {} -%}
            {%- for column in node.columns.values() if (column.data_type or '').startswith('varchar') and column.name in names -%}
                {%- set landed = names[column.name] -%}
                {%- do exceptions.raise_compiler_error(
                    node.name ~ "." ~ column.name ~ " is a varchar of " ~ landed ~ ", a " ~ floats[landed] ~ ", whose text is"
                    ~ " rounded: model it as one or as numeric(p,s), or cast it in staging's first query") -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}
