{% macro require_exact_texts(staged) -%}
    {#- A FLOAT is cast to a text without an error, in 15 digits, of a REAL in 6: nothing else would tell that it was rounded
        (https://docs.aws.amazon.com/redshift/latest/dg/r_extra_float_digits.html) -#}
    {%- if execute and model.resource_type != 'unit_test' -%}
        {%- set waiting = [] -%}
        {%- for id in model.depends_on.nodes if graph.nodes.get(id, {}).get('alias') == staged.identifier -%}
            {%- do waiting.append(graph.nodes[id]) -%}
        {%- endfor -%}
        {#- The staging model itself, and those that it reads, but for another entity's, which answers for itself; the list
            grows under the loop -#}
        {%- for node in waiting -%}
            {%- for id in node.depends_on.nodes if graph.nodes.get(id, {}).get('resource_type') == 'model' -%}
                {%- set parent = graph.nodes[id] -%}
                {%- if not parent.config.meta.get('entity') and parent not in waiting -%}
                    {%- do waiting.append(parent) -%}
                {%- endif -%}
            {%- endfor -%}
            {%- set floats = landed_floats(node) -%}
            {%- set names = names_of_floats(node.raw_code, floats) if floats else {} -%}
            {%- for column in node.columns.values() if type_kind(column.data_type) == 'varchar' -%}
                {%- set float = names.get(column.name | replace('"', '') | lower) -%}
                {%- if float -%}
                    {%- set type = floats[float.dataset][float.landed] -%}
                    {%- set cast = "cast(" ~ float.landed ~ " as " ~ column.data_type ~ ") as " ~ column.name -%}
                {%- endif -%}
                {%- if float and float.is_sure -%}
                    {%- do exceptions.raise_compiler_error(
                        node.name ~ "." ~ column.name ~ " is a varchar of " ~ float.landed ~ ", a " ~ type ~ ", whose text is"
                        ~ " rounded: model it as one or as numeric(p,s), or cast it in staging's first query: " ~ cast) -%}
                {%- elif float -%}
                    {%- do log(
                        node.name ~ "." ~ column.name ~ " is a varchar that may be made of " ~ float.landed ~ ", a " ~ type
                        ~ ", whose text is rounded; where it is meant, staging's first query can say so: " ~ cast, info=true
                    ) -%}
                {%- endif -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}
