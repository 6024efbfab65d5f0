{% macro earlier_versions(existing) -%}
    {#- An UPSERT cannot take back what the later version said in the meantime -#}
    {%- set feeds = {} -%}
    {%- for node in graph.nodes.values()
        if node.resource_type == 'model' and node.config.meta.get('entity') and node.config.meta.get('datasets')
        and node.schema ~ '.' ~ node.alias in existing -%}
        {%- set by_file = feeds_ordered_by(['file'], node.config.meta.datasets) -%}
        {%- if by_file -%}
            {%- do feeds.update({node.config.meta.entity: by_file}) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set found = {} -%}
    {%- set taken = {} -%}
    {%- if feeds -%}
        {%- for model, dataset, upto_seq in run_query(
            'select model, dataset, max(upto_seq) from ' ~ ops_table('model_loads') ~ ' group by model, dataset').rows -%}
            {%- do taken.update({(model, dataset): upto_seq | int}) -%}
        {%- endfor -%}
    {%- endif -%}
    {%- for entity, datasets in feeds.items() -%}
        {%- for dataset in datasets -%}
            {%- set upto = [] -%}
            {%- for table in entity_tables(entity) -%}
                {%- do upto.append(taken.get((model_name(table), dataset), 0)) -%}
            {%- endfor -%}
            {#- Of a table that is behind, or new, the others may have taken up already what it has not -#}
            {%- for upto_seq in upto | unique if entity not in found -%}
                {%- set file = earlier_version(dataset, upto_seq) -%}
                {%- if file -%}
                    {%- do found.update({entity: file}) -%}
                {%- endif -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endfor -%}
    {{- return(found) -}}
{%- endmacro %}
