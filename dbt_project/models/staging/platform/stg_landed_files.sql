-- dbt's graph names the declared datasets, so that they are listed once, in `landing/`
with landed as (

    {{ union_of_ledgers() }}

),

final as (

    select
        file_id,
        dataset,
        's3://' || bucket || '/' || key as source_file,
        row_count,
        load_seq,
        undone_at is not null as is_undone,
        loaded_at
    from landed

)

select * from final
