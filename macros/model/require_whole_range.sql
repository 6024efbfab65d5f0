{% macro require_whole_range(ranges) -%}
    {#- Behind the mutex, and in the snapshot that has read the rows -#}
    {%- set questions = [] -%}
    {%- for dataset in (entity_config('datasets') or []) if is_building() -%}
        {%- set of_dataset -%}
            from taken
            inner join {{ ledger_table(dataset) }} as files on taken.dataset = '{{ dataset }}'
        {%- endset -%}
        {%- if not continues() -%}
            {%- set question -%}
            select '{{ dataset }}' as dataset, 'modeled' as why, max(files.load_seq) as told
            {{ of_dataset }}
            inner join ({{ newest_loads(ops_table('model_loads')) }}) as modeled
                on
                    taken.dataset = modeled.dataset
                    and files.load_seq > taken.upto_seq
                    and files.load_seq <= modeled.upto_seq
            having count(*) > 0
            {%- endset -%}
            {%- do questions.append(question) -%}
        {%- endif -%}
        {%- if dataset in datasets_with_removals() -%}
            {%- set question -%}
            select '{{ dataset }}' as dataset, 'removed' as why, count(*) as told
            {{ of_dataset }}
            where files.load_seq > taken.from_seq and files.load_seq <= taken.upto_seq and {{ is_removed('files') }}
            having count(*) > 0
            {%- endset -%}
            {%- do questions.append(question) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if questions -%}
        {%- for dataset, why, told in run_query(
            'with taken as (' ~ ranges ~ ') ' ~ questions | join(' union all ')).rows -%}
            {%- if why == 'removed' -%}
                {%- do raise_gap(dataset, told) -%}
            {%- else -%}
                {#- dbt names the model before it, and a message of the function has 300 characters of both -#}
                {%- do exceptions.raise_compiler_error(
                    "it would lose rows: another run has modeled load " ~ told ~ " of " ~ dataset ~ " since this one began."
                    ~ " Nothing is changed; begin it again: dbt build --full-refresh --select +"
                    ~ entity_config('entity') ~ "+") -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}
