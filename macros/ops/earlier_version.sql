{% macro earlier_version(dataset, upto_seq) -%}
    {#- The ledger says which files have landed in a new version; when each was stored, its rows say -#}
    {%- set query -%}
        select load_seq
        from (
            select
                load_seq,
                min(load_seq) over (partition by bucket, key) as first_seq,
                max(load_seq) over (partition by bucket, key) as last_seq
            from {{ ledger_table(dataset) }}
            where undone_at is null and row_count > 0
        ) as versions
        where first_seq <= {{ upto_seq }} and last_seq > {{ upto_seq }}
        group by load_seq
    {%- endset -%}
    {%- set numbers = [] -%}
    {%- if upto_seq > 0 -%}
        {%- for row in run_query(query).rows -%}
            {%- do numbers.append(row[0] | int) -%}
        {%- endfor -%}
    {%- endif -%}
    {%- if not numbers -%}
        {{- return(none) -}}
    {%- endif -%}
    {%- set landing = api.Relation.create(database=target.database, schema='landing', identifier=dataset) -%}
    {%- set query -%}
        with stored as (
            select _source_file, _file_id, _load_seq, min(_file_modified_at) as stored_at
            from {{ landing }}
            where {{ among_loads({dataset: numbers}, "'" ~ dataset ~ "'", '_load_seq') }}
            group by _source_file, _file_id, _load_seq
        )
        select min(late._source_file)
        from stored as late
        inner join stored as modeled
            on
                late._source_file = modeled._source_file
                and (
                    late.stored_at < modeled.stored_at
                    or (late.stored_at = modeled.stored_at and late._file_id < modeled._file_id)
                )
        where
            late._load_seq > {{ upto_seq }}
            and late._load_seq <= (
                select min(upto_seq) from {{ ops_table('run_bounds') }}
                where run_id = '{{ invocation_id }}' and dataset = '{{ bounds_name(dataset) }}'
            )
            and modeled._load_seq <= {{ upto_seq }}
    {%- endset -%}
    {{- return(query_value(query)) -}}
{%- endmacro %}
