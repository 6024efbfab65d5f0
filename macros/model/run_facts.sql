{% macro run_facts() -%}
    {#- Nodes share dbt's graph: who asks first keeps the answer there, for the other nodes of this run -#}
    {%- set facts = graph.get('run_facts', {}) -%}
    {%- if facts.get('run_id') != invocation_id -%}
        {%- set facts = {'run_id': invocation_id, 'bounds': {}, 'watermarks': {}, 'gaps': {}} -%}
        {%- set query -%}
            select cast('' as varchar(256)) as model, dataset, min(upto_seq) as upto_seq
            from {{ ops_table('run_bounds') }}
            where run_id = '{{ invocation_id }}'
            group by dataset
            union all
            select model, dataset, max(upto_seq) as upto_seq
            from {{ ops_table('model_loads') }}
            group by model, dataset
            {%- for dataset in datasets_with_removals() %}
            union all
            select cast('gap' as varchar(256)), cast('{{ dataset }}' as varchar(128)), max(load_seq)
            from {{ ledger_table(dataset) }} as files
            where {{ is_removed('files') }}
            having count(*) > 0
            {%- endfor %}
        {%- endset -%}
        {%- for model, dataset, upto_seq in run_query(query).rows -%}
            {%- if model == 'gap' -%}
                {%- do facts.gaps.update({dataset: upto_seq}) -%}
            {%- elif model -%}
                {%- do facts.watermarks.update({(model, dataset): upto_seq}) -%}
            {%- else -%}
                {%- do facts.bounds.update({dataset.removeprefix(bounds_name('')): upto_seq}) -%}
            {%- endif -%}
        {%- endfor -%}
        {%- do graph.update({'run_facts': facts}) -%}
    {%- endif -%}
    {{- return(facts) -}}
{%- endmacro %}
