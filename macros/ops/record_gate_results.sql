{% macro record_gate_results(results) -%}
    {%- set gates = results | selectattr('node.resource_type', 'equalto', 'test') | list -%}
    {%- if execute and gates and not schema_prefix() -%}
        {#- sysdate has microseconds, getdate() whole seconds, in which two runs of one build end #}
        insert into {{ ops_table('gate_results') }} (
            run_id, gate, model, status, severity, failures, message, executed_at
        )
        values
        {%- for gate in gates %}
        (
            '{{ invocation_id }}',
            {{ sql_text(gate.node.name, 256) }},
            {{ sql_text(gated_model(gate.node), 256) }},
            '{{ gate.status }}',
            '{{ gate.node.config.severity | lower }}',
            cast({{ gate.failures if gate.failures is not none else 'null' }} as bigint),
            {#- Of a gate that broke they are the database's words, which may quote values: the log has them #}
            {{ sql_text(gate.message if gate.status not in ('error', 'runtime error') else none, 4000) }},
            sysdate
        ){% if not loop.last %},{% endif %}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}
